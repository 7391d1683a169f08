// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"

#include "cli/line_progress.hpp"
#include "cli/password.hpp"
#include "cli/terminal_progress.hpp"
#include "cli/text.hpp"
#include "version.hpp"

#include <regctl/base/error.hpp>

#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

namespace regctl::cli {

namespace {

/// Shows nothing but what goes wrong, which run() shows.
class QuietProgress final : public ops::Progress {
public:
  void expect(std::uint64_t, std::uint64_t) override {}
  Task begin(const std::string&, Verb, std::optional<std::uint64_t>) override { return 0; }
  void advance(Task, std::uint64_t) override {}
  void restart(Task) override {}
  void finish(Task) override {}
  void fail(Task) override {}
  void skipped(const std::string&, Verb) override {}
  void tagging(const std::string&, const std::string&) override {}
  void note(std::string_view) override {}
};

bool is_capable_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr && *term != '\0' &&
         std::string_view(term) != "dumb";
}

} // namespace

Context::Context(std::ostream& out_stream, std::ostream& err_stream)
    : out(out_stream), err(err_stream) {}

Context::~Context() = default;

Format Context::format() const {
  return global.format == "json" ? Format::json : Format::table;
}

std::unique_ptr<ops::Progress> Context::make_progress() const {
  if (global.quiet) {
    return std::make_unique<QuietProgress>();
  }
  if (is_capable_terminal() && !global.no_progress && !global.debug) {
    return std::make_unique<TerminalProgress>(err);
  }
  return std::make_unique<LineProgress>(err);
}

ops::Session& Context::session() {
  if (session_) {
    return *session_;
  }
  progress_ = make_progress();
  auto& progress = *progress_;
  ops::SessionOptions options;
  options.jobs = global.jobs;
  options.api = global.api == "v1"   ? ops::Api::v1
                : global.api == "v2" ? ops::Api::v2
                                     : ops::Api::detect;
  options.settings = http::Settings::load(global.settings);
  options.credentials.from_flags = credential_from_flags();
  if (global.verbose || global.debug) {
    options.credentials.note = [&progress](const std::string& sentence) {
      progress.note(sentence);
    };
  }
  options.client.user_agent = std::string("regctl/") + k_version;
  options.client.retries = global.retries;
  options.client.stall_timeout = std::chrono::seconds(global.timeout_s);
  options.client.connect_timeout = std::chrono::seconds(global.connect_timeout_s);
  options.client.note = [&progress](const std::string& sentence) { progress.note(sentence); };
  if (global.debug) {
    const auto mutex = std::make_shared<std::mutex>(); // shared by the copies of the function
    options.client.debug = [this, mutex](const std::string& line) {
      const std::lock_guard lock(*mutex);
      err << printable(line) << '\n' << std::flush;
    };
  }
  session_ = std::make_unique<ops::Session>(std::move(options), progress);
  return *session_;
}

std::optional<http::Credential> Context::credential_from_flags() {
  if (global.username.empty()) {
    if (global.password_stdin) {
      throw Error(ErrorKind::usage, "--password-stdin wants --username too");
    }
    return std::nullopt;
  }
  http::Credential credential;
  credential.username = global.username;
  credential.origin = "--username";
  if (global.password_stdin) {
    credential.password = read_password_from_stdin();
  } else if (const char* password = std::getenv("REGCTL_PASSWORD"); password != nullptr) {
    credential.password = http::Secret(password);
  } else {
    credential.password = ask_for_password(global.username);
  }
  return credential;
}

void Context::end_progress() {
  session_.reset();
  progress_.reset();
}

} // namespace regctl::cli
