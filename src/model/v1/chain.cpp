// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/v1/chain.hpp>

namespace regctl {

bool walk_parents(const std::string& id,
                  const std::function<std::optional<std::string>(const std::string& id)>& visit) {
  std::optional<std::string> next = id;
  for (std::size_t count = 0; next && count < k_max_chain; ++count) {
    next = visit(*next);
  }
  return !next;
}

} // namespace regctl
