// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/file.hpp>
#include <regctl/server/original_config.hpp>

#include <unistd.h>

void fuzz(const std::string& input) {
  static const auto file = regctl::make_temporary_file();
  if (::ftruncate(file.get(), 0) != 0) {
    __builtin_trap();
  }
  regctl::write_fully_at(file.get(), 0, regctl::as_bytes(input), "the input");
  regctl::server::ServerOptions options;
  regctl::server::read_original_settings(
      "/proc/self/fd/" + std::to_string(file.get()),
      [](const std::string& name) {
        return name == "SETTINGS_FLAVOR" ? std::nullopt : std::optional(name);
      },
      options);
}
