// SPDX-License-Identifier: Apache-2.0
#include "cli/transfer_progress.hpp"

#include "cli/text.hpp"

#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <exception>
#include <ostream>
#include <system_error>
#include <utility>

namespace regctl::cli {

namespace {

constexpr std::size_t k_line_columns = 100;

/// Whether each layer gets a line. A check reads all layers and prints its own result.
bool is_told(ops::Progress::Verb verb) {
  return verb != ops::Progress::Verb::reading;
}

} // namespace

std::chrono::milliseconds usual_pause(ProgressStyle style) noexcept {
  return std::chrono::milliseconds(style == ProgressStyle::bars ? 100 : 10'000);
}

TransferProgress::TransferProgress(Console& console, ProgressStyle style,
                                   std::chrono::milliseconds pause)
    : console_(console), style_(style), pause_(pause) {}

TransferProgress::~TransferProgress() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    try {
      console_.err << erasure(console_.window_size()) << std::flush;
    } catch (...) { // a failure to show progress must not end the process
    }
  }
  stopping_.notify_all();
}

/// The text that erases the drawn lines and leaves the cursor where they began. In a terminal that
/// became narrower, long lines take several rows.
std::string TransferProgress::erasure(WindowSize window) const {
  if (drawn_.empty()) {
    return {};
  }
  const std::size_t columns = std::max(window.columns, 1U);
  std::size_t rows = 0;
  for (const auto width : drawn_) {
    rows += std::max<std::size_t>((width + columns - 1) / columns, 1);
  }
  // Row by row: if a whole screen is erased at once, terminals with a history (tmux) keep the
  // erased rows and show them again when they become larger.
  const auto up = "\x1b[" + std::to_string(rows) + "A";
  auto text = up + "\r";
  for (std::size_t row = 0; row < rows; ++row) {
    text += "\x1b[2K\x1b[B";
  }
  return text + "\x1b[J" + up;
}

/// Writes all of it at once, since a drawing in several pieces may be seen half finished.
void TransferProgress::draw(const std::string& above) {
  const auto window = console_.window_size();
  auto text = erasure(window) + above;
  drawn_.clear();
  for (const auto& line : progress_lines(tally_, standing_, window)) {
    text += line + "\n";
    drawn_.push_back(line.size());
  }
  console_.err << text << std::flush;
}

void TransferProgress::say(const std::string& line) {
  if (style_ == ProgressStyle::bars) {
    draw(line + "\n");
  } else {
    console_.err << line + "\n" << std::flush;
  }
}

/// Writes a line about one image.
void TransferProgress::say_event(const std::string& line) {
  if (!totals_only_) {
    say(line);
  }
}

bool TransferProgress::has_nothing_to_show() const {
  return tally_.layers().empty() && standing_.is_empty();
}

void TransferProgress::start_shower() {
  if (!shower_.joinable()) {
    try {
      shower_ = std::jthread([this] { show_now_and_then(); });
    } catch (const std::system_error&) { // without a thread there are no updates in between
    }
  }
}

void TransferProgress::look(ProgressClock::time_point now) {
  tally_.look(now);
  standing_.time_so_far =
      std::chrono::duration_cast<std::chrono::milliseconds>(now - standing_since_.value_or(now));
}

void TransferProgress::show_now_and_then() {
  std::unique_lock lock(mutex_);
  while (!stopping_.wait_for(lock, pause_, [&] { return is_stopping_; })) {
    try {
      look(ProgressClock::now());
      if (style_ == ProgressStyle::bars) {
        draw("");
      } else if (!has_nothing_to_show()) {
        say(total_line(tally_, standing_, k_line_columns));
      }
    } catch (const std::exception&) { // memory is short now
    }
  }
}

void TransferProgress::expect(std::uint64_t tasks, const SizeSum& sizes) {
  const std::lock_guard lock(mutex_);
  tally_.expect(tasks, sizes);
}

TransferProgress::Task TransferProgress::begin(const std::string& id, Verb verb,
                                               std::optional<std::uint64_t> total_bytes) {
  const std::lock_guard lock(mutex_);
  start_shower();
  if (style_ == ProgressStyle::lines && is_told(verb)) {
    say_event(short_id(id) + ": " + std::string(begin_word(verb)));
  }
  return tally_.begin(id, verb, total_bytes, ProgressClock::now());
}

void TransferProgress::advance(Task task, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  tally_.advance(task, bytes);
}

void TransferProgress::restart(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.restart(task);
}

void TransferProgress::finish(Task task) {
  const std::lock_guard lock(mutex_);
  const auto layer = tally_.finish(task);
  if (is_told(layer.verb)) {
    say_event(layer.id + ": " + std::string(end_words(layer.verb)));
  }
}

void TransferProgress::fail(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.drop(task); // run() reports the reason at the end
}

void TransferProgress::skipped(const std::string& id, Verb,
                               std::optional<std::uint64_t> total_bytes) {
  const std::lock_guard lock(mutex_);
  tally_.skip(total_bytes);
  say_event("Image " + short_id(id) + " already pushed, skipping");
}

void TransferProgress::tagging(const std::string& id, const std::string& where) {
  const std::lock_guard lock(mutex_);
  say_event("Pushing tag for rev [" + short_id(id) + "] on {" + visible(where) + "}");
}

void TransferProgress::standing(std::string_view text, double share) {
  const std::lock_guard lock(mutex_);
  if (text.empty()) {
    standing_since_.reset();
  } else if (!standing_since_) {
    standing_since_ = ProgressClock::now();
  }
  standing_.parts = visible(text);
  standing_.share = share;
  start_shower();
}

void TransferProgress::standing_of_tags(std::string_view text) {
  const std::lock_guard lock(mutex_);
  standing_.tags = visible(text);
  start_shower();
}

void TransferProgress::show_totals_only() {
  const std::lock_guard lock(mutex_);
  totals_only_ = true;
}

void TransferProgress::print_line(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!drawn_.empty()) {
    console_.err << erasure(console_.window_size()) << std::flush;
    drawn_.clear();
  }
  console_.out << line << '\n' << std::flush;
  if (style_ == ProgressStyle::bars) {
    draw("");
  }
}

void TransferProgress::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  say("regctl: " + visible(sentence));
}

} // namespace regctl::cli
