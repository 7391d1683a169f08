// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/report.hpp"
#include "support/notes.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;
using Outcome = TagResult::Outcome;

namespace {

/// Where a run stands, as it was told last.
class Standing final : public test::Notes {
public:
  void standing(std::string_view sentence, double share_over) override {
    repositories = sentence;
    share = share_over;
  }
  void standing_of_tags(std::string_view sentence) override { tags = sentence; }

  std::string repositories;
  std::string tags;
  double share = 1;
};

TagResult tag(Action action, Outcome outcome = Outcome::done) {
  TagResult result;
  result.tag.action = action;
  result.outcome = outcome;
  if (outcome == Outcome::failed) {
    result.problem = std::make_exception_ptr(Error(ErrorKind::integrity, "broken"));
  }
  return result;
}

struct Fixture {
  Standing standing;
  Report report{{}, standing, [](const std::string&, const TagResult*) {}};
};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/standing");

TEST_CASE("between two passes no progress is shown") {
  Standing standing;
  {
    Report report({}, standing, [](const std::string&, const TagResult*) {});
    report.begin({"a", "b"}, 1);
    report.expect_tags(1);
    report.add(tag(Action::keep));
    report.count_repository();
    CHECK(standing.repositories == "1 of 1 repository");
    CHECK(standing.tags == "1 of 1 tag");
  }
  CHECK(standing.repositories.empty());
  CHECK(standing.tags.empty());
}

TEST_CASE_FIXTURE(Fixture, "finished tags are shown out of the known ones") {
  report.begin({"a", "b"}, 3);
  CHECK(standing.repositories == "0 of 3 repositories");
  CHECK(standing.tags.empty());
  report.expect_tags(2);
  CHECK(standing.tags == "0 of 2+ tags"); // two repositories are not listed yet
  report.add(tag(Action::copy));
  CHECK(standing.tags == "1 of 2+ tags");
  report.add(tag(Action::skip)); // left out by the rules, and not expected
  CHECK(standing.tags == "1 of 2+ tags");
  report.expect_tags(3);
  report.add_repository("team/gone", std::make_exception_ptr(Error(ErrorKind::not_found, "gone")));
  CHECK(standing.tags == "1 of 5 tags");
  report.add(tag(Action::keep));
  report.add(tag(Action::update, Outcome::failed));
  report.add(tag(Action::copy, Outcome::not_done));
  CHECK(standing.tags == "4 of 5 tags");
  report.drop_tags(1);
  CHECK(standing.tags == "4 of 4 tags");
}

TEST_CASE_FIXTURE(Fixture, "repositories not listed yet count like the listed ones") {
  report.begin({"a", "b"}, 4);
  CHECK(standing.share == 0);
  report.expect_tags(2);
  CHECK(standing.share == 0);
  report.add(tag(Action::copy));
  CHECK(standing.share == doctest::Approx(1.0 / 8));
  report.expect_tags(4); // three a repository by now
  CHECK(standing.share == doctest::Approx(1.0 / 12));
  for (int i = 0; i < 5; ++i) {
    report.add(tag(Action::keep));
  }
  CHECK(standing.share == doctest::Approx(0.5));
  report.add_repository("gone", std::make_exception_ptr(Error(ErrorKind::not_found, "gone")));
  report.expect_tags(0);
  CHECK(standing.share == doctest::Approx(1));
}

TEST_CASE_FIXTURE(Fixture, "repositories without tags count one by one") {
  report.begin({"a", "b"}, 2);
  report.expect_tags(0);
  report.count_repository();
  CHECK(standing.share == doctest::Approx(0.5));
}

TEST_CASE_FIXTURE(Fixture, "a tag that the source cannot read counts as part of the mirror") {
  report.begin({"a", "b"}, 1);
  report.expect_tags(1);
  auto broken = tag(Action::skip, Outcome::failed);
  broken.tag.is_broken = true;
  report.add(broken);
  CHECK(standing.tags == "1 of 1 tag");
}

TEST_CASE_FIXTURE(Fixture, "the costs of a plan add up") {
  report.begin({"a", "b"}, 1);
  auto copied = tag(Action::copy, Outcome::planned);
  copied.ahead = {.images = 2, .bytes = 300, .bytes_shared = 40, .requests = 9};
  auto updated = tag(Action::update, Outcome::planned);
  updated.ahead = {
      .images = 1, .bytes = 7, .requests = 5, .has_all_images = false, .has_all_sizes = false};
  auto removed = tag(Action::remove, Outcome::planned);
  removed.ahead.requests = 2;
  for (const auto& result : {copied, updated, removed, tag(Action::keep, Outcome::planned),
                             tag(Action::skip, Outcome::planned)}) {
    report.add(result);
  }
  report.count_plan(40, 10);
  const auto plan = report.finish().plan;
  CHECK(plan.copy == 1);
  CHECK(plan.update == 1);
  CHECK(plan.remove == 1);
  CHECK(plan.keep == 1);
  CHECK(plan.skip == 1);
  CHECK(plan.changes() == 3);
  CHECK(plan.images == 3);
  CHECK(plan.bytes == 307);
  CHECK(plan.bytes_shared == 40);
  CHECK(plan.requests == 26);
  CHECK(plan.of_unknown_images == 1);
  CHECK(plan.of_unknown_size == 1);
}

TEST_SUITE_END();
