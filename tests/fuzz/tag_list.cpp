// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/tag_list.hpp"

#include "fuzz/fuzz.hpp"

#include <regctl/model/v1/image.hpp>

/// An answer of a registry or of the Hub, and what the registry says of a short ID's whole one.
void fuzz(const std::string& input) {
  using namespace regctl;
  const auto whole = std::string(56, 'a');
  for (const auto& prefix : {std::string("01234567"), std::string("aaaaaaaa")}) {
    const auto tags = registry::v1::read_tag_list(
        input, "the list", [&](const std::string&) { return std::optional(prefix + whole); });
    for (const auto& [tag, id] : tags) {
      if (id && !is_v1_id(*id)) {
        __builtin_trap();
      }
    }
  }
}
