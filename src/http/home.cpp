// SPDX-License-Identifier: Apache-2.0
#include "http/home.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace regctl::http {

namespace {

const char* set_or_null(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

} // namespace

std::filesystem::path home_folder() {
  if (const char* home = set_or_null("HOME")) {
    return home;
  }
  const auto* user = ::getpwuid(::getuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

std::filesystem::path config_folder() {
  const char* configured = set_or_null("XDG_CONFIG_HOME");
  return configured != nullptr ? std::filesystem::path(configured) : home_folder() / ".config";
}

} // namespace regctl::http
