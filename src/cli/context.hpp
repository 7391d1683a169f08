// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/global_options.hpp"
#include "cli/manual.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/cli/verbs.hpp>

#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::cli {

class TransferProgress;

/// What a command works with: the console, the options of all commands, and the verbs. All
/// arguments must outlive it; its end is the end of the progress display.
class Context {
public:
  Context(Console& console, const std::vector<std::string>& arguments, const GlobalOptions& globals,
          const Manual& manual, const OpenVerbs& open);
  ~Context();
  Context(const Context&) = delete; ///< the verbs refer to its progress
  Context& operator=(const Context&) = delete;

  [[nodiscard]] Console& console() noexcept { return console_; }
  [[nodiscard]] std::ostream& out() noexcept { return console_.out; }
  /// The command line, without the program's name.
  [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
  [[nodiscard]] const GlobalOptions& globals() const noexcept { return globals_; }
  [[nodiscard]] const Manual& manual() const noexcept { return manual_; }
  [[nodiscard]] bool wants_json() const noexcept { return globals_.format == Format::json; }

  /// Made at first use: only then configuration, credentials and the flags about them are looked
  /// at. Throws Error{usage}.
  Verbs& verbs();

  /// Uses this credential instead of the one of the flags; before the first verbs().
  void log_in_with(http::Credential credential) { credential_ = std::move(credential); }

  /// --config names a file of the command's own, not the configuration of the verbs; before the
  /// first verbs().
  void keep_config() { config_is_the_commands_ = true; }

  /// How these registries are reached, and as whom, from now on: verbs() makes new ones.
  struct Registries {
    std::map<std::string, http::RegistrySettings> settings; ///< all by "host:port"
    std::map<std::string, http::Credential> credentials;
    std::map<std::string, double> requests_per_second;
  };
  void set_registries(Registries registries);

  /// How hard registries are worked from now on: verbs() makes new ones.
  void set_pace(http::Pace pace);

  /// Shows how far a run of many images is, and nothing of each one.
  void show_totals_only();

  /// Writes one line of the result, above what shows the progress on a terminal. That nobody reads
  /// it any more is no reason to stop.
  void print_line(const std::string& line);

  /// Says one sentence on standard error, unless --quiet.
  void note(std::string_view sentence) { progress_.note(sentence); }
  /// The same of what failed while the rest goes on; also with --quiet.
  void failure(std::string_view sentence) { progress_.failure(sentence); }

private:
  ops::SessionOptions session_options();

  Console& console_;
  const std::vector<std::string>& arguments_;
  const GlobalOptions& globals_;
  const Manual& manual_;
  const OpenVerbs& open_;
  std::optional<http::Credential> credential_;
  std::unique_ptr<TransferProgress> transfers_; ///< nullptr with --quiet
  std::unique_ptr<ops::Progress> quiet_;        ///< nullptr without
  ops::Progress& progress_;
  bool config_is_the_commands_ = false;
  Registries registries_;
  http::Pace pace_ = http::Pace::adaptive;
  std::unique_ptr<Verbs> verbs_;
};

} // namespace regctl::cli
