// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/report.hpp"

#include "ops/mirror/plan_line.hpp"
#include "ops/mirror/report_json.hpp"
#include "ops/places/part_of.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops::mirror {

namespace {

using Outcome = TagResult::Outcome;

/// How many failures with the same cause are named.
constexpr std::uint64_t k_named_alike = 10;

} // namespace

std::string_view outcome_word(const TagResult& result) noexcept {
  switch (result.outcome) {
  case Outcome::failed:
    return "failed";
  case Outcome::not_done:
    return "not done";
  case Outcome::planned:
    return "planned";
  case Outcome::done:
    break;
  }
  switch (result.tag.action) {
  case Action::copy:
    return "copied";
  case Action::update:
    return "updated";
  case Action::keep:
    return "kept";
  case Action::remove:
    return "deleted";
  case Action::skip:
    break;
  }
  return "skipped";
}

/// A file that grows line by line, so that it shows how far a run came however it ends.
class Report::Lines {
public:
  explicit Lines(const std::string& path)
      : what_("'" + path + "'"), fd_(open_for_appending(path, Earlier::removed)) {}

  /// Writes even after an interruption, since the report names what was not done. Writes nothing
  /// more after a failure, which may have cut a line.
  void write(const std::string& line) {
    if (is_sound_) {
      is_sound_ = false;
      write_fully(fd_.get(), as_bytes(line + "\n"), what_, OnInterrupt::go_on);
      is_sound_ = true;
    }
  }

private:
  std::string what_;
  FileDescriptor fd_;
  bool is_sound_ = true;
};

Report::Report(const ReportFiles& files, Progress& progress, MirrorListener listener)
    : progress_(progress), listener_(std::move(listener)) {
  if (!files.report.empty()) {
    report_ = std::make_unique<Lines>(files.report);
  }
  if (!files.failures.empty()) {
    failures_ = std::make_unique<Lines>(files.failures);
  }
  if (!files.plan.empty()) {
    plan_ = std::make_unique<AtomicFile>(files.plan);
  }
  if (!files.map.empty()) {
    map_ = std::make_unique<MapWriter>(files.map);
  }
}

/// Clears the progress, which outlives the report in a process that mirrors again and again.
Report::~Report() {
  try {
    progress_.standing({}, 1);
    progress_.standing_of_tags({});
  } catch (...) { // a failure to show progress must not end the process
  }
}

void Report::begin(Mirror mirror, std::uint64_t repositories) {
  const std::lock_guard lock(mutex_);
  mirror_ = std::move(mirror);
  ++mirrors_begun_;
  repositories_ahead_ += repositories;
  tell();
}

void Report::expect_tags(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  ++repositories_listed_;
  tags_ahead_ += number;
  tell();
}

void Report::drop_tags(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  tags_ahead_ -= number;
  tell();
}

void Report::add(const TagResult& result) {
  const std::lock_guard lock(mutex_);
  const auto& tag = result.tag;
  if (plan_ && is_plan_whole_) {
    is_plan_whole_ = false;
    try_to_write([&] {
      plan_->write(as_bytes(print_plan_line({mirror_.from, mirror_.to, tag}) + "\n"));
      is_plan_whole_ = true;
    });
  }
  map(result);
  count(result);
  if (result.problem) {
    note_failure(tag.source_name + ":" + tag.tag, result.problem);
  }
  tags_over_ += is_left_out(tag) ? 0 : 1;
  tell();
  write_record([&] { return tag_record(result, mirror_); },
               result.outcome == Outcome::failed || result.outcome == Outcome::not_done);
  if (listener_.on_tag) {
    try_to_write([&] { listener_.on_tag(result); });
  }
}

void Report::add_repository(const std::string& source_name, const std::exception_ptr& problem) {
  const std::lock_guard lock(mutex_);
  Json record = {{"type", "repository"},
                 {"from", mirror_.from},
                 {"to", mirror_.to},
                 {"source", source_name},
                 {"outcome", problem ? "failed" : "not done"}};
  if (mirror_.is_ruled) {
    record["rules"] = true;
  }
  if (problem) {
    record["error"] = to_json(explain(problem));
    ++summary_.repositories_failed;
    count_failure(problem);
    note_failure(source_name, problem);
  } else {
    ++summary_.repositories_not_done;
  }
  ++repositories_listed_;
  tell();
  write_record([&] { return record; }, /*is_failure=*/true);
}

/// Reports the first of several failures in a row with the same cause at once, and the others
/// together: there may be thousands if a registry is unreachable.
void Report::note_failure(const std::string& what, const std::exception_ptr& problem) {
  const auto failure = explain(problem);
  if (failure.message != noted_message_) {
    note_alike();
    progress_.failure(what + ": " + failure.message);
    note_hint(failure.hint);
    noted_message_ = failure.message;
    return;
  }
  if (++alike_ <= k_named_alike) {
    names_alike_ += (names_alike_.empty() ? "" : ", ") + what;
  }
}

/// Reports each hint once, since two kinds of failure may alternate.
void Report::note_hint(const std::string& hint) {
  if (!hint.empty() && told_hints_.insert(hint)) {
    progress_.failure("hint: " + hint);
  }
}

void Report::note_alike() {
  if (alike_ > 0) {
    const auto more =
        alike_ > k_named_alike ? " and " + std::to_string(alike_ - k_named_alike) + " more" : "";
    progress_.failure(names_alike_ + more + ": " + noted_message_);
  }
  alike_ = 0;
  names_alike_.clear();
}

void Report::count_repository() {
  const std::lock_guard lock(mutex_);
  ++summary_.repositories;
  tell();
}

void Report::add_mirror(const Mirror& mirror, const std::exception_ptr& problem) {
  const std::lock_guard lock(mutex_);
  Json record = {{"type", "mirror"},
                 {"from", mirror.from},
                 {"to", mirror.to},
                 {"outcome", problem ? "failed" : "not done"}};
  if (mirror.has_rules) {
    record["rules"] = true;
  }
  if (problem) {
    record["error"] = to_json(explain(problem));
    ++summary_.mirrors_failed;
    count_failure(problem);
  } else {
    ++summary_.mirrors_not_done;
  }
  write_record([&] { return record; }, /*is_failure=*/true);
}

void Report::looks_at_a_part() {
  const std::lock_guard lock(mutex_);
  is_part_ = true;
}

void Report::interrupt() {
  const std::lock_guard lock(mutex_);
  summary_.is_interrupted = true;
}

bool Report::has_failures() {
  const std::lock_guard lock(mutex_);
  return summary_.has_failures();
}

std::uint64_t Report::mirrors_begun() {
  const std::lock_guard lock(mutex_);
  return mirrors_begun_;
}

/// Every tag in scope has a line, but none of those that only the destination had.
void Report::map(const TagResult& result) {
  const auto& tag = result.tag;
  if (!map_ || mirror_.conversion != Conversion::v1_to_oci || !is_map_whole_ || is_left_out(tag) ||
      tag.action == Action::remove) {
    return;
  }
  MapLine line{mirror_.from, mirror_.to, tag.source_name, tag.destination_name,
               tag.tag,      {},         tag.identity,    result.made};
  line.outcome = outcome_word(result);
  line.rescued = result.rescued;
  line.fault = result.fault;
  line.was_judged = result.was_judged;
  if (!line.id && result.made && !result.made->id.empty()) {
    line.id = result.made->id; // of a tag whose name says that it never changes
  }
  if (result.problem) {
    line.error = explain(result.problem);
  }
  is_map_whole_ = false;
  try_to_write([&] {
    map_->add(line);
    is_map_whole_ = true;
  });
}

/// Whether every tag of the mirrors was looked at. One that failed was.
bool Report::has_seen_all() const {
  return !is_part_ && summary_.mirrors_failed + summary_.mirrors_not_done +
                              summary_.repositories_failed + summary_.repositories_not_done +
                              summary_.not_done ==
                          0;
}

/// A map shows whole or not at all: of an interrupted run the earlier one stays. What a run did not
/// look at, is in the map as an earlier one has it: the source may be gone by now.
void Report::finish_map() {
  if (!map_) {
    return;
  }
  if (summary_.is_interrupted) {
    progress_.note("no map is written, since the run did not reach its end");
  } else if (is_map_whole_) {
    try_to_write([&] {
      if (const auto kept = has_seen_all() ? 0 : map_->keep_earlier(); kept > 0) {
        progress_.note("the map keeps " + std::to_string(kept) + (kept == 1 ? " line" : " lines") +
                       " of earlier runs, of tags that this one has not looked at");
      }
      map_->commit();
    });
  }
}

/// Makes a record only if a file or the listener takes it: for a run whose tags all stay, records
/// are half of the work.
void Report::write_record(const std::function<Json()>& make, bool is_failure) {
  auto* failures = is_failure ? failures_.get() : nullptr;
  if (!report_ && failures == nullptr && !listener_.on_record) {
    return;
  }
  const auto text = print_record(make());
  write(failures, text);
  write(report_.get(), text);
  if (listener_.on_record) {
    try_to_write([&] { listener_.on_record(text); });
  }
}

void Report::write(Lines* lines, const std::string& text) {
  if (lines != nullptr) {
    try_to_write([&] { lines->write(text); });
  }
}

/// An interruption is no failure of writing; it is reported elsewhere.
void Report::try_to_write(const std::function<void()>& write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted && !summary_.write_problem) {
      summary_.write_problem = std::current_exception();
    }
  }
}

void Report::count_planned(const TagResult& result) {
  auto& plan = summary_.plan;
  const auto& ahead = result.ahead;
  switch (result.tag.action) {
  case Action::copy:
    ++plan.copy;
    break;
  case Action::update:
    ++plan.update;
    break;
  case Action::keep:
    ++plan.keep;
    break;
  case Action::remove:
    ++plan.remove;
    break;
  case Action::skip:
    ++plan.skip;
    break;
  }
  plan.of_unknown_images += ahead.has_all_images ? 0 : 1;
  plan.of_unknown_size += ahead.has_all_sizes ? 0 : 1;
  plan.images += ahead.images;
  add_size(plan.bytes, ahead.bytes);
  plan.requests += ahead.requests;
}

void Report::count_plan(std::uint64_t bytes_shared, std::uint64_t requests) {
  const std::lock_guard lock(mutex_);
  add_size(summary_.plan.bytes_shared, bytes_shared);
  summary_.plan.requests += requests;
}

void Report::count(const TagResult& result) {
  summary_.images_moved += result.items_moved;
  summary_.images_unverified += result.items_unverified;
  summary_.bytes += result.bytes;
  switch (result.outcome) {
  case Outcome::failed:
    ++summary_.failed;
    count_failure(result.problem);
    break;
  case Outcome::not_done:
    ++summary_.not_done;
    break;
  case Outcome::planned:
    count_planned(result);
    break;
  case Outcome::done:
    switch (result.tag.action) {
    case Action::copy:
      ++summary_.copied;
      break;
    case Action::update:
      ++summary_.updated;
      break;
    case Action::keep:
      ++summary_.kept;
      break;
    case Action::remove:
      ++summary_.deleted;
      break;
    case Action::skip:
      ++summary_.skipped;
      break;
    }
    break;
  }
}

void Report::count_failure(const std::exception_ptr& problem) {
  if (!summary_.first_problem) {
    summary_.first_problem = problem;
  } else if (explain(summary_.first_problem).kind != explain(problem).kind) {
    summary_.has_one_cause = false;
  }
}

/// Assumes that repositories not listed yet have as many tags as the listed ones.
double Report::share_over() const {
  if (repositories_listed_ == 0) {
    return 0;
  }
  const auto listed = static_cast<double>(repositories_listed_);
  const auto ahead = static_cast<double>(std::max(repositories_ahead_, repositories_listed_));
  const auto over = tags_ahead_ == 0
                        ? static_cast<double>(summary_.repositories) / listed
                        : static_cast<double>(tags_over_) / static_cast<double>(tags_ahead_);
  return over * listed / ahead;
}

void Report::tell() {
  progress_.standing(
      part_of(summary_.repositories, repositories_ahead_, "repository", "repositories"),
      share_over());
  if (tags_ahead_ > 0) {
    // Repositories are listed one by one: until the end the number of all tags is unknown.
    const auto* more = repositories_listed_ < repositories_ahead_ ? "+" : "";
    progress_.standing_of_tags(part_of(tags_over_, tags_ahead_, "tag", "tags", more));
  }
}

Summary Report::finish() {
  const std::lock_guard lock(mutex_);
  summary_.time = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - since_);
  note_alike();
  write_record([&] { return summary_record(summary_); }, /*is_failure=*/false);
  if (plan_ && is_plan_whole_) {
    try_to_write([&] { plan_->commit(); });
  }
  finish_map();
  return summary_;
}

} // namespace regctl::ops::mirror
