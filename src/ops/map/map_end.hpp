// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The registry ("host:5000") of a map's "from" or "to"; nothing for a storage tree or an archive.
inline std::optional<std::string> registry_of_end(std::string_view end) {
  const auto rest = without_registry_scheme(end);
  return rest.size() == end.size() ? std::nullopt
                                   : std::optional(std::string(rest.substr(0, rest.find('/'))));
}

} // namespace regctl::ops
