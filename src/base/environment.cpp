// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/environment.hpp>

#include <cstdlib>

namespace regctl {

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

} // namespace regctl
