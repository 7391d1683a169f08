// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/cli/exit_code.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/ops/session.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

namespace CLI {
class App;
}

namespace regctl::cli {

enum class Format { table, json };

/// What the global options say.
struct GlobalOptions {
  std::string format = "table";
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
  bool no_progress = false;
  std::size_t jobs = 4;
  unsigned retries = 5;
  unsigned timeout_s = 60;
  unsigned connect_timeout_s = 30;
  http::Settings::Flags settings;
  std::string username;
  bool password_stdin = false;
  std::string api;
};

/// What a command is given: where to write, and what the global options make of a session. Made
/// anew for each run of the program.
class Context {
public:
  Context(std::ostream& out, std::ostream& err);
  ~Context();

  std::ostream& out;
  std::ostream& err;
  GlobalOptions global;
  CLI::App* app = nullptr; ///< the whole command line, for completions and help

  /// What the chosen command does; set by its parser, called when parsing is over.
  std::function<ExitCode()> action;

  [[nodiscard]] Format format() const;

  /// The run's session, made at the first call. Throws Error{usage} for a bad configuration.
  ops::Session& session();

  /// A credential from --username and the password on stdin or in the environment, if there is one.
  std::optional<http::Credential> credential_from_flags();

  /// Ends the progress display, so that what follows is not written over.
  void end_progress();

private:
  [[nodiscard]] std::unique_ptr<ops::Progress> make_progress() const;

  std::unique_ptr<ops::Progress> progress_;
  std::unique_ptr<ops::Session> session_;
};

} // namespace regctl::cli
