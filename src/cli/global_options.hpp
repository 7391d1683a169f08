// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"

#include <regctl/http/settings.hpp>
#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace regctl::cli {

enum class Format { table, json };

inline constexpr std::size_t k_usual_jobs = 4;
inline constexpr unsigned k_usual_retries = 5;

/// The options of all commands, before or after the command's name.
struct GlobalOptions {
  bool help = false;
  bool version = false;
  Format format = Format::table;
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
  bool no_progress = false;
  std::optional<std::size_t> jobs; ///< k_usual_jobs if not given
  std::optional<unsigned> retries; ///< k_usual_retries if not given
  std::chrono::seconds stall_timeout{60};
  std::chrono::seconds connect_timeout{30};
  ops::Api api = ops::Api::detect;
  http::Settings::Flags settings;
  std::string config; ///< settings.config before its evaluation
  std::string username;
  bool password_stdin = false;
};

void add_global_options(Arguments& arguments, GlobalOptions& options);

} // namespace regctl::cli
