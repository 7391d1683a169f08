// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/user_folders.hpp>

#include <pwd.h>
#include <unistd.h>

namespace regctl {

namespace fs = std::filesystem;

namespace {

std::optional<fs::path> absolute_path(const Environment& environment, const std::string& name) {
  const fs::path path = environment(name).value_or("");
  return path.is_absolute() ? std::optional(path) : std::nullopt;
}

std::optional<fs::path> folder(const Environment& environment, const std::string& name,
                               const char* below_home) {
  if (auto configured = absolute_path(environment, name)) {
    return configured;
  }
  const auto home = home_folder(environment);
  return home ? std::optional(*home / below_home) : std::nullopt;
}

/// The environment of this process, in which HOME is never missing.
std::optional<std::string> environment_with_home(const std::string& name) {
  auto value = process_environment(name);
  if (name != "HOME" || !value.value_or("").empty()) {
    return value;
  }
  const auto* user = ::getpwuid(::getuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

} // namespace

std::optional<fs::path> home_folder(const Environment& environment) {
  const auto home = environment("HOME").value_or("");
  return home.empty() ? std::nullopt : std::optional<fs::path>(home);
}

std::optional<fs::path> config_folder(const Environment& environment) {
  return folder(environment, "XDG_CONFIG_HOME", ".config");
}

std::optional<fs::path> data_folder(const Environment& environment) {
  return folder(environment, "XDG_DATA_HOME", ".local/share");
}

std::optional<fs::path> state_folder(const Environment& environment) {
  return folder(environment, "XDG_STATE_HOME", ".local/state");
}

std::optional<fs::path> runtime_folder(const Environment& environment) {
  return absolute_path(environment, "XDG_RUNTIME_DIR");
}

fs::path own_home_folder() {
  return home_folder(environment_with_home).value();
}

fs::path own_config_folder() {
  return config_folder(environment_with_home).value();
}

} // namespace regctl
