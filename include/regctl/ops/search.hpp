// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>
#include <regctl/model/v1/search_result.hpp>
#include <regctl/ops/session.hpp>

#include <string_view>
#include <vector>

namespace regctl::ops {

/// Repositories with `term` in their name, sorted by name; "" finds all. A v1 server decides how it
/// matches. If its search is off, its listing of all tags is searched instead (npm's
/// docker-registry-server has one); without such a listing throws Error{unsupported} "search is off
/// at HOST". Of a v2 registry the names of its catalog are searched, whatever their case, and
/// nothing but the name is known; throws Error{unsupported} if it does not tell them. Docker Hub is
/// asked as search_hub() says, for 100 results, in its order; that there are more is noted.
std::vector<SearchResult> search(Session& session, const RegistryHost& host, std::string_view term);

} // namespace regctl::ops
