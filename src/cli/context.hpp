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

/// The environment of a running command: the console, the global options, and the verbs. All
/// arguments must outlive it. Its destruction ends the progress display.
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

  /// The verbs, created at the first call. Configuration, credentials and the flags about them are
  /// not read before that. Throws Error{usage}.
  Verbs& verbs();

  /// Uses this credential instead of the flags'. Must be called before the first verbs().
  void log_in_with(http::Credential credential) { credential_ = std::move(credential); }

  /// Keeps --config from the verbs, since it names a file of the command itself. Must be called
  /// before the first verbs().
  void keep_config() { config_is_the_commands_ = true; }

  /// Access and credentials of registries. The next verbs() creates new verbs with them.
  struct Registries {
    std::map<std::string, http::RegistrySettings> settings; ///< all by "host:port"
    std::map<std::string, http::Credential> credentials;
    std::map<std::string, double> requests_per_second;
  };
  void set_registries(Registries registries);

  /// How fast to work on registries. The next verbs() creates new verbs with it.
  void set_pace(http::Pace pace);

  /// How v2 registries are written to. Must be called before the first verbs().
  void set_v2(ops::V2Writing writing) { v2_ = std::move(writing); }

  /// Shows the totals of a run of many images, and no single images.
  void show_totals_only();

  /// Writes one line of the result, above the progress display on a terminal. Goes on silently if
  /// standard output was closed.
  void print_line(const std::string& line);

  /// Writes one sentence to standard error, unless --quiet is given.
  void note(std::string_view sentence) { progress_.note(sentence); }
  /// The same for a failure while the rest goes on; written even with --quiet.
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
  std::unique_ptr<ops::Progress> quiet_;        ///< nullptr without --quiet
  ops::Progress& progress_;
  bool config_is_the_commands_ = false;
  Registries registries_;
  http::Pace pace_ = http::Pace::adaptive;
  ops::V2Writing v2_;
  std::unique_ptr<Verbs> verbs_;
};

} // namespace regctl::cli
