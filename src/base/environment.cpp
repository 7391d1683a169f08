// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/environment.hpp>

#include <cstdlib>
#include <utility>

namespace regctl {

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Environment without_empty(Environment environment) {
  return [environment = std::move(environment)](const std::string& name) {
    auto value = environment(name);
    return value && value->empty() ? std::nullopt : std::move(value);
  };
}

} // namespace regctl
