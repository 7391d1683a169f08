// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/base/stream.hpp>

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace regctl::cli {

struct WindowSize {
  unsigned columns = 80;
  unsigned rows = 24;
};

enum class Echo { on, off };

/// The environment of a command: streams, terminal, clock and variables. Tests replace it.
struct Console {
  std::ostream& out; ///< results; throws when they cannot be written (FdOutput)
  std::ostream& err; ///< errors, notes and progress
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;

  /// Opens standard input. Only once.
  std::function<std::unique_ptr<Source>()> open_in;

  /// The size of the terminal behind `err`, asked before each drawing.
  std::function<WindowSize()> window_size;

  /// Asks the user at the controlling terminal and returns the line without its end; nothing if
  /// there is no terminal. Throws Error{interrupted} after restoring the terminal.
  std::function<std::optional<std::string>(const std::string& prompt, Echo echo)> ask;

  std::function<std::chrono::system_clock::time_point()> now;

  /// The value of an environment variable; nothing if unset.
  Environment environment;

  /// From now on output that nobody reads any more is dropped. Until then it ends the command.
  std::function<void()> let_reader_go = [] {};
};

} // namespace regctl::cli
