// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"

#include "cli/fd_output.hpp"
#include "cli/login_flags.hpp"
#include "cli/text.hpp"
#include "cli/transfer_progress.hpp"
#include "version.hpp"

#include <regctl/base/user_folders.hpp>

#include <algorithm>
#include <mutex>
#include <ostream>
#include <utility>

namespace regctl::cli {

namespace {

/// Reports only failures: --quiet.
class QuietProgress final : public ops::SilentProgress {
public:
  explicit QuietProgress(Console& console) : console_(console) {}

  void failure(std::string_view sentence) override {
    const std::lock_guard lock(mutex_);
    console_.err << "regctl: " + visible(sentence) + "\n" << std::flush;
  }

private:
  Console& console_;
  std::mutex mutex_;
};

std::unique_ptr<TransferProgress> make_transfers(Console& console, const GlobalOptions& globals) {
  if (globals.quiet) {
    return nullptr;
  }
  const bool is_dumb = console.environment("TERM").value_or("dumb") == "dumb";
  const bool has_bars = console.err_is_terminal && !is_dumb && !globals.no_progress;
  const auto style = has_bars ? ProgressStyle::bars : ProgressStyle::lines;
  return std::make_unique<TransferProgress>(console, style, usual_pause(style));
}

/// Notes each line of `text`; a request or an answer has several.
void say_lines(ops::Progress& progress, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    progress.note(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

} // namespace

Context::Context(Console& console, const std::vector<std::string>& arguments,
                 const GlobalOptions& globals, const Manual& manual, const OpenVerbs& open)
    : console_(console), arguments_(arguments), globals_(globals), manual_(manual), open_(open),
      transfers_(make_transfers(console, globals)),
      quiet_(transfers_ ? nullptr : std::make_unique<QuietProgress>(console)),
      progress_(transfers_ ? static_cast<ops::Progress&>(*transfers_) : *quiet_) {}

Context::~Context() = default;

ops::SessionOptions Context::session_options() {
  ops::SessionOptions options;
  options.jobs = globals_.jobs.value_or(k_usual_jobs);
  options.api = globals_.api;
  options.v2 = v2_;
  if (const auto folder = state_folder(console_.environment)) {
    options.v2.upload_folder = (*folder / "regctl" / "uploads").string();
  }
  options.client.user_agent = std::string("regctl/") + k_version;
  options.client.retries = globals_.retries.value_or(k_usual_retries);
  if (globals_.retries) {
    options.client.unreachable_retries = *globals_.retries;
  }
  options.client.stall_timeout = globals_.stall_timeout;
  options.client.connect_timeout = globals_.connect_timeout;
  options.client.pace = pace_;
  auto& progress = progress_; // outlives the verbs
  const auto say = [&progress](const std::string& text) { say_lines(progress, text); };
  options.client.note = say;
  options.credentials.warn = say;
  if (globals_.debug) {
    options.client.debug = say;
  }
  if (globals_.verbose || globals_.debug) {
    options.credentials.note = say;
  }
  auto flags = globals_.settings;
  if (!config_is_the_commands_) {
    flags.config = globals_.config;
  }
  options.settings = http::Settings::load(flags);
  for (const auto& [host, settings] : registries_.settings) {
    options.settings.add(host, settings);
  }
  options.credentials.by_host = registries_.credentials;
  options.requests_per_second = registries_.requests_per_second;
  options.credentials.from_flags =
      credential_ ? credential_ : credential_from_flags(globals_, console_);
  return options;
}

void Context::set_registries(Registries registries) {
  registries_ = std::move(registries);
  verbs_.reset();
}

void Context::set_pace(http::Pace pace) {
  pace_ = pace;
  verbs_.reset();
}

void Context::show_totals_only() {
  if (transfers_) {
    transfers_->show_totals_only();
  }
}

void Context::print_line(const std::string& line) {
  try {
    if (transfers_) {
      transfers_->print_line(line);
    } else {
      console_.out << line << '\n' << std::flush;
    }
  } catch (const ReaderGone&) { // the user wants the work done even without the list
    console_.out.clear();       // the buffer drops all further output
  } catch (...) {
    console_.out.clear(); // else the next line would fail with the same error
    throw;
  }
}

Verbs& Context::verbs() {
  if (!verbs_) {
    verbs_ = open_(session_options(), progress_);
  }
  return *verbs_;
}

} // namespace regctl::cli
