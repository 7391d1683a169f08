// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_metrics.hpp"
#include "cli/mirror_text.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using ops::mirror::Action;
using ops::mirror::Summary;
using ops::mirror::TagResult;
using Outcome = TagResult::Outcome;

namespace {

TagResult result(Action action, Outcome outcome) {
  TagResult result;
  result.tag = {"team/app",           "new/app",           "1.0", action, "missing", false,
                std::string(64, 'a'), std::string(64, 'b')};
  result.outcome = outcome;
  return result;
}

} // namespace

TEST_SUITE_BEGIN("cli/mirror_text");

TEST_CASE("what changed has a line, and nothing else") {
  struct Row {
    Action action;
    Outcome outcome;
    const char* line;
  };
  const Row rows[] = {
      {Action::copy, Outcome::done, "copied new/app:1.0 aaaaaaaaaaaa"},
      {Action::update, Outcome::done, "updated new/app:1.0 aaaaaaaaaaaa"},
      {Action::remove, Outcome::done, "deleted new/app:1.0 bbbbbbbbbbbb"},
      {Action::copy, Outcome::planned, "copy new/app:1.0 aaaaaaaaaaaa (missing)"},
      {Action::remove, Outcome::planned, "delete new/app:1.0 bbbbbbbbbbbb (missing)"},
      {Action::keep, Outcome::done, ""},
      {Action::skip, Outcome::done, ""},
      {Action::keep, Outcome::planned, ""},
      {Action::copy, Outcome::failed, ""},
      {Action::copy, Outcome::not_done, ""},
  };
  for (const auto& row : rows) {
    CHECK(result_line(result(row.action, row.outcome)) == row.line);
  }
}

TEST_CASE("the summary tells what there is to tell") {
  Summary summary;
  summary.repositories = 1;
  CHECK(summary_line(summary, false) == "1 repository: 0 tags copied; 0 images moved, 0 B in 0:00");
  summary.repositories = 12;
  summary.copied = 1;
  summary.kept = 40;
  summary.failed = 2;
  summary.repositories_not_done = 3;
  summary.images_moved = 9;
  summary.bytes = 12'300'000;
  summary.time = std::chrono::milliseconds(67'900);
  CHECK(summary_line(summary, false) ==
        "12 repositories: 1 tag copied, 40 unchanged, 2 tags failed, 3 repositories not done; "
        "9 images moved, 12.3 MB in 1:07");
  Summary plan;
  plan.repositories = 2;
  plan.planned = 3;
  plan.bytes_ahead = 1000;
  CHECK(summary_line(plan, true) == "2 repositories: 3 tags to change, 1 kB to move in 0:00");
  plan.planned_of_unknown_size = 1;
  CHECK(summary_line(plan, true) ==
        "2 repositories: 3 tags to change, at least 1 kB to move in 0:00");
}

TEST_CASE("metrics add up passes and tell of the last one") {
  MirrorMetrics metrics;
  Summary summary;
  summary.copied = 2;
  summary.bytes = 100;
  summary.time = std::chrono::milliseconds(1005);
  const auto at = [](int seconds) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
  };
  metrics.add(summary, true, at(1000));
  summary.copied = 0;
  summary.failed = 1;
  metrics.add(summary, false, at(2000));
  const auto text = metrics.print();
  for (const auto* line :
       {"# TYPE regctl_mirror_passes_total counter\nregctl_mirror_passes_total 2\n",
        "regctl_mirror_passes_failed_total 1\n", "regctl_mirror_bytes_moved_total 200\n",
        "regctl_mirror_last_pass_timestamp_seconds 2000\n",
        "regctl_mirror_last_success_timestamp_seconds 1000\n",
        "regctl_mirror_last_pass_duration_seconds 1.005\n",
        "regctl_mirror_tags{outcome=\"copied\"} 0\n",
        "regctl_mirror_tags{outcome=\"failed\"} 1\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_SUITE_END();
