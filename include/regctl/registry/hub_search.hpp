// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/transport.hpp>
#include <regctl/model/v1/search_result.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace regctl::registry {

/// What Docker Hub's search says.
struct HubResults {
  std::vector<SearchResult> hits; ///< the best ones first, in the Hub's order
  std::uint64_t all = 0;          ///< how many it has found, as it counts them
};

/// Asks Docker Hub's search, which is no part of a registry's protocol and closed to nobody, for
/// the first `most` results (at most 100: it gives no more at once). Throws Error{usage} for an
/// empty term, which it refuses. Source: `docker search`, Docker Engine 20.10.
HubResults search_hub(http::Transport& transport, std::string_view term, unsigned most);

} // namespace regctl::registry
