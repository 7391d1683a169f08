// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>
#include <regctl/model/v1/search_result.hpp>
#include <regctl/ops/session.hpp>

#include <string_view>
#include <vector>

namespace regctl::ops {
/// Repositories with `term` in their name, sorted by name. The server decides how it matches; ""
/// finds all. If search is off, a server's listing of all tags is searched instead (npm's
/// docker-registry-server has one). Without such a listing throws Error{unsupported} "search is off
/// at HOST".
std::vector<SearchResult> search(Session& session, const RegistryHost& host, std::string_view term);

} // namespace regctl::ops
