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
  auto& tag = result.tag;
  tag.source_name = "team/app";
  tag.destination_name = "new/app";
  tag.tag = "1.0";
  tag.action = action;
  tag.reason = "missing";
  tag.identity = std::string(64, 'a');
  tag.previous = std::string(64, 'b');
  if (action == Action::remove) {
    tag.identity.reset();
  }
  result.outcome = outcome;
  return result;
}

} // namespace

TEST_SUITE_BEGIN("cli/mirror_text");

TEST_CASE("changed tags have a line, and the others with --all") {
  struct Row {
    Action action;
    Outcome outcome;
    const char* line;
    const char* line_of_all;
  };
  const Row rows[] = {
      {Action::copy, Outcome::done, "copied new/app:1.0 aaaaaaaaaaaa",
       "copied new/app:1.0 aaaaaaaaaaaa"},
      {Action::update, Outcome::done, "updated new/app:1.0 aaaaaaaaaaaa",
       "updated new/app:1.0 aaaaaaaaaaaa"},
      {Action::remove, Outcome::done, "deleted new/app:1.0 bbbbbbbbbbbb",
       "deleted new/app:1.0 bbbbbbbbbbbb"},
      {Action::keep, Outcome::done, "", "kept new/app:1.0 aaaaaaaaaaaa"},
      {Action::skip, Outcome::done, "", "skipped new/app:1.0 aaaaaaaaaaaa"},
      {Action::keep, Outcome::planned, "", ""},
      {Action::copy, Outcome::failed, "", ""},
      {Action::copy, Outcome::not_done, "", ""},
  };
  for (const auto& row : rows) {
    const auto tag = result(row.action, row.outcome);
    CHECK(result_line(tag, ShownTags::changed) == row.line);
    CHECK(result_line(tag, ShownTags::all) == row.line_of_all);
  }
}

TEST_CASE("a digest is shown by its first digits") {
  auto tag = result(Action::copy, Outcome::done);
  tag.tag.identity = "sha256:" + std::string(64, 'c');
  CHECK(result_line(tag, ShownTags::changed) == "copied new/app:1.0 cccccccccccc");
}

TEST_CASE("the summary names every outcome that occurred") {
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
        "12 repositories: 1 tag copied, 40 kept, 2 tags failed, 3 repositories not done; "
        "9 images moved, 12.3 MB in 1:07");
  Summary plan;
  plan.repositories = 2;
  plan.plan.copy = 1;
  plan.plan.update = 1;
  plan.plan.remove = 1;
  plan.plan.bytes = 1000;
  CHECK(summary_line(plan, true) == "2 repositories: 3 tags to change, 1 kB to move in 0:00");
  plan.plan.of_unknown_size = 1;
  CHECK(summary_line(plan, true) ==
        "2 repositories: 3 tags to change, at least 1 kB to move in 0:00");
}

TEST_CASE("a plan's totals name known and unknown costs") {
  using Sentences = std::vector<std::string>;
  Summary summary;
  summary.repositories = 3;
  summary.plan.keep = 6;
  CHECK(plan_totals(summary, SizesAsked::no) == Sentences{"6 tags in 3 repositories: keep 6"});
  auto& plan = summary.plan;
  plan.copy = 4;
  plan.update = 1;
  plan.remove = 2;
  plan.skip = 10;
  plan.images = 5;
  plan.bytes = 101'300;
  plan.requests = 71;
  summary.failed = 1;
  summary.repositories_failed = 1;
  const std::string tags =
      "24 tags in 3 repositories: copy 4, update 1, delete 2, keep 6, skip 10, "
      "broken at the source 1, 1 repository failed";
  CHECK(plan_totals(summary, SizesAsked::no) ==
        Sentences{tags, "101.3 kB to move in 5 images", "about 71 requests"});
  plan.bytes_shared = 40'500;
  CHECK(plan_totals(summary, SizesAsked::no)[1] ==
        "101.3 kB to move in 5 images, of which 40.5 kB are needed by several tags");
  plan.of_unknown_size = 1;
  CHECK(
      plan_totals(summary, SizesAsked::no) ==
      Sentences{tags,
                "at least 101.3 kB to move, of which 40.5 kB are needed by several tags; for 1 tag "
                "not all sizes are known (--sizes asks the source)",
                "about 71 requests"});
  plan.of_unknown_images = 1;
  plan.bytes = plan.bytes_shared = 0;
  CHECK(plan_totals(summary, SizesAsked::yes) ==
        Sentences{tags, "for 1 tag not all sizes are known", "at least 71 requests"});
}

TEST_CASE("metrics add up passes and describe the last one") {
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
