// SPDX-License-Identifier: Apache-2.0
#include "cli/line_progress.hpp"

#include "cli/text.hpp"

#include <regctl/model/v1_image.hpp>

namespace regctl::cli {

namespace {

constexpr std::chrono::seconds k_pause{10};

} // namespace

std::string_view begin_word(ops::Progress::Verb verb) noexcept {
  switch (verb) {
  case ops::Progress::Verb::pulling:
    return "Pulling";
  case ops::Progress::Verb::pushing:
    return "Pushing";
  case ops::Progress::Verb::copying:
    break;
  }
  return "Copying";
}

std::string_view end_words(ops::Progress::Verb verb) noexcept {
  switch (verb) {
  case ops::Progress::Verb::pulling:
    return "Download complete";
  case ops::Progress::Verb::pushing:
    return "Push complete";
  case ops::Progress::Verb::copying:
    break;
  }
  return "Copy complete";
}

LineProgress::LineProgress(std::ostream& err) : err_(err) {}

LineProgress::~LineProgress() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stopping_.notify_all();
}

void LineProgress::say(std::string_view line) {
  err_ << line << '\n' << std::flush;
}

void LineProgress::expect(std::uint64_t tasks, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  tally_.expect(tasks, bytes);
}

LineProgress::Task LineProgress::begin(const std::string& id, Verb verb,
                                       std::optional<std::uint64_t> total_bytes) {
  const std::lock_guard lock(mutex_);
  if (!teller_.joinable()) {
    teller_ = std::jthread([this] { tell_now_and_then(); });
  }
  say(short_id(id) + ": " + std::string(begin_word(verb)));
  return tally_.begin(id, verb, total_bytes, Tally::Clock::now());
}

void LineProgress::advance(Task task, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  tally_.advance(task, bytes);
}

void LineProgress::restart(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.restart(task);
}

void LineProgress::finish(Task task) {
  const std::lock_guard lock(mutex_);
  const auto over = tally_.finish(task);
  say(short_id(over.id) + ": " + std::string(end_words(over.verb)));
}

void LineProgress::fail(Task task) {
  const std::lock_guard lock(mutex_);
  tally_.drop(task);
}

void LineProgress::skipped(const std::string& id, Verb) {
  const std::lock_guard lock(mutex_);
  tally_.skip();
  say("Image " + short_id(id) + " already pushed, skipping");
}

void LineProgress::tagging(const std::string& id, const std::string& where) {
  const std::lock_guard lock(mutex_);
  say("Pushing tag for rev [" + short_id(id) + "] on {" + printable(where) + "}");
}

void LineProgress::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  say("regctl: " + printable(sentence));
}

void LineProgress::tell_now_and_then() {
  std::unique_lock lock(mutex_);
  while (!stopping_.wait_for(lock, k_pause, [&] { return stopped_; })) {
    if (!tally_.running().empty()) {
      say(tally_.summary(Tally::Clock::now()));
    }
  }
}

} // namespace regctl::cli
