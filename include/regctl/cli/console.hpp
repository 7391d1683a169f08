// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// Everything a command has of the person or script that runs it: the seam for tests.
struct Console {
  std::ostream& out; ///< data; throws when it cannot be written (FdOutput)
  std::ostream& err; ///< talk
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;

  /// Standard input, to be read once.
  std::function<std::unique_ptr<Source>()> open_in;

  /// Of the terminal behind `err`, asked before each drawing.
  std::function<WindowSize()> window_size;

  /// Asks the person at the controlling terminal and returns the line without its end; nothing if
  /// there is no terminal. Throws Error{interrupted} with the terminal as it was.
  std::function<std::optional<std::string>(const std::string& prompt, Echo echo)> ask;

  std::function<std::chrono::system_clock::time_point()> now;

  /// The value of an environment variable; nothing if unset.
  std::function<std::optional<std::string>(const char* name)> environment;
};

} // namespace regctl::cli
