// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_progress.hpp"

#include "cli/line_progress.hpp"
#include "cli/text.hpp"

#include <regctl/model/v1_image.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace regctl::cli {

namespace {

constexpr std::chrono::milliseconds k_frame{100};
constexpr std::size_t k_widest_bar = 40;
constexpr std::size_t k_narrowest_bar = 8;

struct Window {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Asked for every frame: windows are resized.
Window window() {
  struct winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t width) {
  const auto inside = width - 2;
  const auto filled = total == 0 ? inside
                                 : static_cast<std::size_t>(std::min<double>(
                                       static_cast<double>(inside),
                                       static_cast<double>(done) / static_cast<double>(total) *
                                           static_cast<double>(inside)));
  std::string text(inside, ' ');
  std::fill_n(text.begin(), filled, '=');
  if (filled < inside) {
    text[filled] = '>';
  }
  return "[" + text + "]";
}

} // namespace

std::string bar_line(const Tally::Running& running, std::size_t columns,
                     Tally::Clock::time_point now) {
  const auto head = short_id(running.id) + " " + std::string(begin_word(running.verb)) + " ";
  auto tail = human_size(running.done_bytes);
  if (running.total_bytes) {
    tail += " of " + human_size(*running.total_bytes);
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - running.since);
  if (const auto rate = describe_rate(running.done_bytes, running.total_bytes, elapsed);
      !rate.empty()) {
    tail += ", " + rate;
  }
  const auto used = width_of(head) + width_of(tail) + 1;
  if (!running.total_bytes || used + k_narrowest_bar > columns) {
    return fit(head + tail, columns);
  }
  const auto width = std::min(k_widest_bar, columns - used);
  return head + bar(running.done_bytes, *running.total_bytes, width) + " " + tail;
}

TerminalProgress::TerminalProgress(std::ostream& err) : err_(err) {}

TerminalProgress::~TerminalProgress() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    erase();
    err_ << std::flush;
  }
  stopping_.notify_all();
}

/// A line that stays, above the bars.
void TerminalProgress::say(const std::string& line) {
  erase();
  err_ << line << '\n';
  draw();
}

void TerminalProgress::erase() {
  if (drawn_lines_ > 0) {
    err_ << "\x1b[" << drawn_lines_ << "A\r\x1b[J";
    drawn_lines_ = 0;
  }
}

void TerminalProgress::draw() {
  const auto [columns, rows] = window();
  const auto now = Tally::Clock::now();
  // One column and one row stay free: a full last line would scroll.
  const auto width = columns > 1 ? columns - 1 : 1;
  const std::size_t most = rows > 3 ? rows - 3 : 1;
  std::vector<std::string> lines;
  for (const auto& [task, running] : tally_.running()) {
    if (lines.size() == most) {
      break;
    }
    lines.push_back(bar_line(running, width, now));
  }
  if (!lines.empty()) {
    lines.push_back(fit(tally_.summary(now), width));
  }
  for (const auto& line : lines) {
    err_ << line << '\n';
  }
  err_ << std::flush;
  drawn_lines_ = lines.size();
}

void TerminalProgress::draw_until_stopped() {
  std::unique_lock lock(mutex_);
  while (!stopping_.wait_for(lock, k_frame, [&] { return stopped_; })) {
    erase();
    draw();
  }
}

void TerminalProgress::expect(std::uint64_t tasks, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  tally_.expect(tasks, bytes);
}

TerminalProgress::Task TerminalProgress::begin(const std::string& id, Verb verb,
                                               std::optional<std::uint64_t> total_bytes) {
  const std::lock_guard lock(mutex_);
  if (!painter_.joinable()) {
    painter_ = std::jthread([this] { draw_until_stopped(); });
  }
  return tally_.begin(id, verb, total_bytes, Tally::Clock::now());
}

void TerminalProgress::advance(Task task, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  tally_.advance(task, bytes);
}

void TerminalProgress::restart(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.restart(task);
}

void TerminalProgress::finish(Task task) {
  const std::lock_guard lock(mutex_);
  const auto over = tally_.finish(task);
  say(short_id(over.id) + ": " + std::string(end_words(over.verb)));
}

void TerminalProgress::fail(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.drop(task);
}

void TerminalProgress::skipped(const std::string& id, Verb) {
  const std::lock_guard lock(mutex_);
  tally_.skip();
  say("Image " + short_id(id) + " already pushed, skipping");
}

void TerminalProgress::tagging(const std::string& id, const std::string& where) {
  const std::lock_guard lock(mutex_);
  say("Pushing tag for rev [" + short_id(id) + "] on {" + printable(where) + "}");
}

void TerminalProgress::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  say("regctl: " + printable(sentence));
}

} // namespace regctl::cli
