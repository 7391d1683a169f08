// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/ops/mirror/report.hpp>

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace regctl::ops::mirror {

namespace {

using Outcome = TagResult::Outcome;

double seconds(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

std::string print(const Json& record) {
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Failure& failure) {
  Json error = {{"kind", to_string(failure.kind)}, {"message", failure.message}};
  if (!failure.hint.empty()) {
    error["hint"] = failure.hint;
  }
  return error;
}

Json or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

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

Failure explain(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const Error& error) {
    return {error.kind(), error.message(), error.hint(), error.frames()};
  } catch (const std::exception& error) {
    return {std::nullopt,
            std::string("this is a bug in regctl, or memory is short: ") + error.what(),
            {},
            {}};
  }
}

std::string_view to_string(const std::optional<ErrorKind>& kind) noexcept {
  if (!kind) {
    return "bug";
  }
  switch (*kind) {
  case ErrorKind::usage:
    return "usage";
  case ErrorKind::not_found:
    return "not_found";
  case ErrorKind::denied:
    return "denied";
  case ErrorKind::unavailable:
    return "unavailable";
  case ErrorKind::protocol:
    return "protocol";
  case ErrorKind::integrity:
    return "integrity";
  case ErrorKind::local_io:
    return "local_io";
  case ErrorKind::unsupported:
    return "unsupported";
  case ErrorKind::interrupted:
    break;
  }
  return "interrupted";
}

/// A file that grows line by line, so that it tells how far a run came however that ends.
class Report::Lines {
public:
  explicit Lines(const std::string& path)
      : what_("'" + path + "'"),
        fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666)) {
    if (!fd_) {
      throw_errno("write " + what_, errno);
    }
  }

  /// Also after an interrupt: what was not done is to be told.
  void write(const std::string& line) {
    write_fully(fd_.get(), as_bytes(line + "\n"), what_, OnInterrupt::go_on);
  }

private:
  std::string what_;
  FileDescriptor fd_;
};

Report::Report(const Files& files, Progress& progress, OnTag on_tag)
    : progress_(progress), on_tag_(std::move(on_tag)) {
  if (!files.report.empty()) {
    report_ = std::make_unique<Lines>(files.report);
  }
  if (!files.failures.empty()) {
    failures_ = std::make_unique<Lines>(files.failures);
  }
  if (!files.plan.empty()) {
    plan_ = std::make_unique<AtomicFile>(files.plan);
  }
}

Report::~Report() = default;

void Report::begin(std::string from, std::string to, std::uint64_t repositories) {
  const std::lock_guard lock(mutex_);
  from_ = std::move(from);
  to_ = std::move(to);
  repositories_ahead_ += repositories;
  tell();
}

void Report::add(const TagResult& result) {
  const std::lock_guard lock(mutex_);
  const auto& tag = result.tag;
  Json record = {{"type", "tag"},
                 {"from", from_},
                 {"to", to_},
                 {"source", tag.source_name},
                 {"destination", tag.destination_name},
                 {"tag", tag.tag},
                 {"action", to_string(tag.action)},
                 {"reason", tag.reason},
                 {"identity", or_null(tag.identity)},
                 {"previous", or_null(tag.previous)},
                 {"outcome", outcome_word(result)},
                 {"images", result.items_moved},
                 {"images_there", result.items_there},
                 {"bytes", result.bytes},
                 {"seconds", seconds(result.time)}};
  if (result.bytes_ahead) {
    record["bytes_ahead"] = *result.bytes_ahead;
  }
  if (result.problem) {
    record["error"] = to_json(explain(result.problem));
  }
  const auto text = print(record);
  write(text);
  const bool is_left = result.outcome == Outcome::failed || result.outcome == Outcome::not_done;
  if (failures_ && is_left && !write_problem_) {
    try {
      failures_->write(text);
    } catch (const Error&) {
      write_problem_ = std::current_exception();
    }
  }
  if (plan_ && !write_problem_) {
    try {
      plan_->write(as_bytes(print_planned_tag(tag) + "\n"));
    } catch (const Error&) {
      write_problem_ = std::current_exception();
    }
  }
  count(result);
  if (result.problem) {
    progress_.note(tag.source_name + ":" + tag.tag + ": " + explain(result.problem).message);
  }
  show(result, text);
}

void Report::show(const TagResult& result, const std::string& record) {
  try {
    on_tag_(result, record);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted && !write_problem_) {
      write_problem_ = std::current_exception();
    }
  }
}

void Report::add_repository(const std::string& source_name, const std::exception_ptr& problem) {
  const std::lock_guard lock(mutex_);
  Json record = {{"type", "repository"},
                 {"from", from_},
                 {"to", to_},
                 {"source", source_name},
                 {"outcome", problem ? "failed" : "not done"}};
  if (problem) {
    record["error"] = to_json(explain(problem));
    ++summary_.repositories_failed;
    count_failure(problem);
    progress_.note(source_name + ": " + explain(problem).message);
  } else {
    ++summary_.repositories_not_done;
  }
  write(print(record));
  if (failures_ && !write_problem_) {
    try {
      failures_->write(source_name);
    } catch (const Error&) {
      write_problem_ = std::current_exception();
    }
  }
}

void Report::count_repository() {
  const std::lock_guard lock(mutex_);
  ++summary_.repositories;
  tell();
}

void Report::add_mirror(std::string from, std::string to, const std::exception_ptr& problem) {
  const std::lock_guard lock(mutex_);
  ++summary_.mirrors_failed;
  count_failure(problem);
  write(print({{"type", "mirror"},
               {"from", std::move(from)},
               {"to", std::move(to)},
               {"outcome", "failed"},
               {"error", to_json(explain(problem))}}));
}

void Report::interrupt() {
  const std::lock_guard lock(mutex_);
  summary_.is_interrupted = true;
}

bool Report::has_failures() {
  const std::lock_guard lock(mutex_);
  return summary_.has_failures();
}

void Report::write(const std::string& record) {
  if (!report_ || write_problem_) {
    return;
  }
  try {
    report_->write(record);
  } catch (const Error&) {
    write_problem_ = std::current_exception();
  }
}

void Report::count_planned(const TagResult& result) {
  const auto action = result.tag.action;
  const bool moves = action == Action::copy || action == Action::update;
  summary_.planned += moves || action == Action::remove ? 1 : 0;
  summary_.bytes_ahead += result.bytes_ahead.value_or(0);
  summary_.planned_of_unknown_size += moves && !result.bytes_ahead ? 1 : 0;
}

void Report::count(const TagResult& result) {
  summary_.images_moved += result.items_moved;
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

void Report::tell() {
  progress_.standing(std::to_string(summary_.repositories) + " of " +
                     std::to_string(repositories_ahead_) + " repositories");
}

Summary Report::finish() {
  const std::lock_guard lock(mutex_);
  summary_.time = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - since_);
  write(print({{"type", "summary"},
               {"interrupted", summary_.is_interrupted},
               {"mirrors_failed", summary_.mirrors_failed},
               {"repositories", summary_.repositories},
               {"repositories_failed", summary_.repositories_failed},
               {"repositories_not_done", summary_.repositories_not_done},
               {"copied", summary_.copied},
               {"updated", summary_.updated},
               {"kept", summary_.kept},
               {"deleted", summary_.deleted},
               {"skipped", summary_.skipped},
               {"failed", summary_.failed},
               {"not_done", summary_.not_done},
               {"planned", summary_.planned},
               {"bytes_ahead", summary_.bytes_ahead},
               {"planned_of_unknown_size", summary_.planned_of_unknown_size},
               {"images", summary_.images_moved},
               {"bytes", summary_.bytes},
               {"seconds", seconds(summary_.time)}}));
  if (write_problem_) {
    std::rethrow_exception(write_problem_);
  }
  if (plan_) {
    plan_->commit();
  }
  return summary_;
}

} // namespace regctl::ops::mirror
