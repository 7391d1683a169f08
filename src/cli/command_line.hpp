// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/commands.hpp"
#include "cli/global_options.hpp"
#include "cli/manual.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace regctl::cli {

/// A command line that was parsed.
struct Invocation {
  const CommandManual* command = nullptr; ///< nullptr for `regctl` alone
  Action action;
};

/// The parser of `arguments`, built from the table of commands. Parses once. The manual has the
/// options of all commands. The parser has only the options of commands that the arguments may
/// name: the options of all would be half of the program's own work at a start.
class CommandLine {
public:
  explicit CommandLine(std::vector<std::string> arguments = {});
  ~CommandLine();
  CommandLine(const CommandLine&) = delete; ///< the parser refers to the options in it
  CommandLine& operator=(const CommandLine&) = delete;

  /// Fills globals() and the command's options; opens no files. Throws Error{usage} with a hint;
  /// command() then returns the command if it was recognised before the error.
  Invocation parse();

  [[nodiscard]] const GlobalOptions& globals() const noexcept { return globals_; }
  [[nodiscard]] const Manual& manual() const noexcept { return manual_; }

  /// The command that was recognised; nullptr if none was.
  [[nodiscard]] const CommandManual* command() const;

private:
  struct Entry;

  void add(const Command& command, CommandManual& manual);
  void run_parser();
  [[nodiscard]] bool is_argument(std::string_view name) const;
  [[nodiscard]] const Entry* chosen() const;
  [[noreturn]] void complain(const std::string& unexpected) const;
  [[nodiscard]] std::string line_to_read(const CommandManual& group,
                                         const std::string& place) const;
  void check_required(const Entry& entry) const;

  std::vector<std::string> arguments_;
  GlobalOptions globals_;
  Manual manual_;
  std::unique_ptr<::CLI::App> app_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

} // namespace regctl::cli
