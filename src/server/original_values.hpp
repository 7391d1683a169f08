// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/yaml.hpp>

#include <string>

namespace regctl::server {

/// docker-registry's settings by name, with "_env:" references resolved. The name of a nested one
/// is its path: "mirroring.source".
class OriginalValues {
public:
  /// `flavor` is a part of config.yml; without one only the environment counts.
  OriginalValues(const Yaml* flavor, const Environment& environment)
      : flavor_(flavor), environment_(environment) {}

  /// The value, of the file or else of the variable; "" if it is not set, null or empty.
  [[nodiscard]] std::string get(const std::string& name, const std::string& variable) const;

  /// The same as a truth value, as YAML 1.1 has it. "1" is a number there, and meant true.
  [[nodiscard]] bool is_true(const std::string& name, const std::string& variable,
                             bool otherwise) const;

  /// The environment alone.
  [[nodiscard]] OriginalValues of_environment() const { return {nullptr, environment_}; }

private:
  [[nodiscard]] const Yaml* find(const std::string& name) const;
  [[nodiscard]] std::string evaluate(const std::string& text) const;

  const Yaml* flavor_;
  const Environment& environment_;
};

/// Throws Error{unsupported} for a setting.
[[noreturn]] void refuse_setting(const std::string& setting, const std::string& value,
                                 const std::string& hint);

} // namespace regctl::server
