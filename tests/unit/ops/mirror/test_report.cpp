// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/plan_line.hpp"
#include "ops/mirror/report.hpp"
#include "support/notes.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/interrupt.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/ops/map/map_line.hpp>
#include <regctl/ops/problem.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;
using test::TemporaryFolder;

namespace {

using Lines = std::vector<std::string>;
using Outcome = TagResult::Outcome;

std::exception_ptr problem(ErrorKind kind, const std::string& message = "it went wrong") {
  return std::make_exception_ptr(Error(kind, message, "mend it"));
}

TagResult result(const std::string& tag, Action action, Outcome outcome = Outcome::done) {
  TagResult result;
  result.tag = {"team/app", "new/app", tag, action, "because", false, "abc", std::nullopt};
  result.outcome = outcome;
  if (outcome == Outcome::failed) {
    result.problem = problem(ErrorKind::not_found);
  }
  return result;
}

struct Fixture {
  Report open(MirrorListener listener = {}) {
    return Report({folder / "report", folder / "failures", folder / "plan"}, notes,
                  std::move(listener));
  }

  Lines read(const std::string& name) {
    Lines lines;
    LineReader file((folder / name).string());
    while (const auto line = file.next()) {
      lines.push_back(*line);
    }
    return lines;
  }

  TemporaryFolder folder;
  test::Notes notes;
};

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

struct StandingFixture {
  Standing standing;
  Report report{{}, standing, {}};
};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/report");

TEST_CASE_FIXTURE(Fixture, "each tag is counted once, by its outcome") {
  struct Row {
    Action action;
    Outcome outcome;
    const char* word;
    std::uint64_t Summary::*count;
  };
  const Row rows[] = {
      {Action::copy, Outcome::done, "copied", &Summary::copied},
      {Action::update, Outcome::done, "updated", &Summary::updated},
      {Action::keep, Outcome::done, "kept", &Summary::kept},
      {Action::remove, Outcome::done, "deleted", &Summary::deleted},
      {Action::skip, Outcome::done, "skipped", &Summary::skipped},
      {Action::copy, Outcome::failed, "failed", &Summary::failed},
      {Action::remove, Outcome::not_done, "not done", &Summary::not_done},
  };
  for (const auto& row : rows) {
    CAPTURE(row.word);
    Report report({}, notes, {});
    const auto tag = result("1", row.action, row.outcome);
    CHECK(outcome_word(tag) == row.word);
    report.add(tag);
    const auto summary = report.finish();
    for (const auto& other : rows) {
      CHECK(summary.*other.count == (other.count == row.count ? 1 : 0));
    }
    CHECK(summary.has_failures() == (row.outcome == Outcome::failed));
  }
}

TEST_CASE_FIXTURE(Fixture, "a plan is added up, and its unknowns are counted") {
  Report report({}, notes, {});
  auto known = result("1", Action::copy, Outcome::planned);
  known.ahead = {2, 100, 30, 7, true, true};
  report.add(known);
  report.add(known);
  auto unknown = result("2", Action::update, Outcome::planned);
  unknown.ahead = {1, 7, 0, 5, false, false};
  report.add(unknown);
  report.add(result("3", Action::keep, Outcome::planned));
  auto removed = result("4", Action::remove, Outcome::planned);
  removed.ahead.requests = 2;
  report.add(removed);
  report.add(result("5", Action::skip, Outcome::planned));
  report.count_plan(30, 5);
  const auto summary = report.finish();
  const auto& plan = summary.plan;
  CHECK(plan.copy == 2);
  CHECK(plan.update == 1);
  CHECK(plan.keep == 1);
  CHECK(plan.remove == 1);
  CHECK(plan.skip == 1);
  CHECK(plan.changes() == 4);
  CHECK(plan.images == 5);
  CHECK(plan.bytes == 207);
  CHECK(plan.bytes_shared == 30);
  CHECK(plan.requests == 26);
  CHECK(plan.of_unknown_images == 1);
  CHECK(plan.of_unknown_size == 1);
  CHECK(summary.copied + summary.updated + summary.kept + summary.deleted + summary.skipped == 0);
}

TEST_CASE_FIXTURE(Fixture, "the files get a line for each record at once") {
  Lines shown;
  auto report = open({.on_record = [&](auto& json) { shown.push_back(json); }, .on_tag = {}});
  report.begin({"docker://old:5000", "docker://new:5000"}, 3);
  auto copied = result("1.0", Action::copy);
  copied.items_moved = 2;
  copied.items_there = 1;
  copied.bytes = 300;
  copied.time = std::chrono::milliseconds(1500);
  report.add(copied);
  report.add(result("2.0", Action::copy, Outcome::failed));
  report.add(result("3.0", Action::copy, Outcome::not_done));
  report.add_repository("team/broken", problem(ErrorKind::unavailable));
  report.add_repository("team/late", nullptr);
  report.add_mirror({"docker://a", "docker://b"}, problem(ErrorKind::denied));

  const auto lines = read("report"); // before the end
  REQUIRE(lines.size() == 6);
  CHECK(Json::parse(lines[0]) ==
        Json::parse(R"({"type":"tag","from":"docker://old:5000","to":"docker://new:5000",
                        "source":"team/app","destination":"new/app","tag":"1.0","action":"copy",
                        "reason":"because","identity":"abc","previous":null,"outcome":"copied",
                        "images":2,"images_there":1,"images_unverified":0,
                        "verified":true,"bytes":300,"seconds":1.5})"));
  CHECK(Json::parse(lines[1]).at("error") ==
        Json::parse(R"({"kind":"not_found","message":"it went wrong","hint":"mend it"})"));
  CHECK(Json::parse(lines[3]).at("outcome") == "failed");
  CHECK(Json::parse(lines[4]) ==
        Json::parse(R"({"type":"repository","from":"docker://old:5000","to":"docker://new:5000",
                        "source":"team/late","outcome":"not done"})"));
  CHECK(Json::parse(lines[5]).at("error").at("kind") == "denied");
  CHECK(shown == lines);
  CHECK(notes.text == "team/app:2.0: it went wrong\nhint: mend it\n");

  report.finish();
  CHECK(notes.text == "team/app:2.0: it went wrong\nhint: mend it\nteam/broken: it went wrong\n");
  CHECK(Json::parse(read("report").back()).at("type") == "summary");
}

TEST_CASE_FIXTURE(Fixture, "consecutive failures with one cause are reported together") {
  auto report = open();
  report.begin({"docker://old:5000", "docker://new:5000"}, 30);
  for (int i = 0; i < 13; ++i) {
    report.add_repository("app-" + std::to_string(i), problem(ErrorKind::unavailable));
  }
  const std::string first = "app-0: it went wrong\nhint: mend it\n";
  CHECK(notes.text == first);
  report.add_repository("other", std::make_exception_ptr(Error(ErrorKind::denied, "no")));
  const auto then = first + "app-1, app-2, app-3, app-4, app-5, app-6, app-7, app-8, app-9, app-10 "
                            "and 2 more: it went wrong\nother: no\n";
  CHECK(notes.text == then);
  report.add_repository("app-20", problem(ErrorKind::unavailable));
  report.finish();
  CHECK(notes.text == then + "app-20: it went wrong\n");
}

TEST_CASE_FIXTURE(Fixture, "each hint is given once, as long as it is remembered") {
  const auto failure = [](const std::string& message, const std::string& hint) {
    return std::make_exception_ptr(Error(ErrorKind::integrity, message, hint));
  };
  auto report = open();
  report.begin({"docker://old:5000", "docker://new:5000"}, 4);
  report.add_repository("a", failure("cut", "audit it"));
  report.add_repository("b", failure("denied", "log in"));
  report.add_repository("c", failure("cut", "audit it"));
  report.add_repository("d", failure("denied", "log in"));
  CHECK(notes.text == "a: cut\nhint: audit it\nb: denied\nhint: log in\nc: cut\nd: denied\n");

  for (int i = 0; i < 1000; ++i) {
    report.add_repository("e", failure(std::to_string(i), "hint " + std::to_string(i)));
  }
  notes.text.clear();
  report.add_repository("f", failure("cut", "audit it"));
  CHECK(notes.text == "f: cut\nhint: audit it\n");
}

TEST_CASE_FIXTURE(Fixture, "the list of failures is the work of a later run") {
  auto report = open();
  report.begin({"docker://old:5000", "docker://new:5000", /*is_ruled=*/true}, 3);
  report.add(result("1.0", Action::copy));
  report.add(result("2.0", Action::copy, Outcome::failed));
  report.add_repository("team/broken", problem(ErrorKind::unavailable));
  report.add(result("3.0", Action::update, Outcome::not_done));
  report.add_repository("team/late", nullptr);
  report.finish();
  const auto lines = read("failures");
  REQUIRE(lines.size() == 4);
  for (const std::size_t tag : {0U, 2U}) {
    const auto line = parse_plan_line(lines[tag], "a line");
    CHECK(line.from == "docker://old:5000");
    CHECK(line.to == "docker://new:5000");
    CHECK(line.tag.source_name == "team/app");
    CHECK(line.tag.tag == (tag == 0 ? "2.0" : "3.0"));
    CHECK(line.tag.identity == "abc");
  }
  for (const std::size_t repository : {1U, 3U}) {
    const auto line = parse_plan_line(lines[repository], "a line");
    CHECK(line.is_repository);
    CHECK(line.is_ruled);
    CHECK(line.to == "docker://new:5000");
    CHECK(line.tag.source_name == (repository == 1 ? "team/broken" : "team/late"));
  }
}

TEST_CASE_FIXTURE(Fixture, "mirrors that failed or did not begin are in the list of failures") {
  auto report = open();
  report.add_mirror({"docker://a", "docker://b", false, true}, problem(ErrorKind::unavailable));
  report.add_mirror({"docker://c", "docker://d"}, nullptr);
  const auto summary = report.finish();
  CHECK(summary.mirrors_failed == 1);
  CHECK(summary.mirrors_not_done == 1);
  const auto lines = read("failures");
  REQUIRE(lines.size() == 2);
  const auto failed = parse_plan_line(lines[0], "a line");
  CHECK(failed.is_mirror);
  CHECK(failed.is_ruled);
  CHECK(failed.to == "docker://b");
  const auto left = parse_plan_line(lines[1], "a line");
  CHECK(left.is_mirror);
  CHECK(!left.is_ruled);
  CHECK(Json::parse(lines[1]).at("outcome") == "not done");
}

TEST_CASE_FIXTURE(Fixture, "a file that cannot be written does not spoil the others") {
  Report report({"/dev/full", folder / "failures", ""}, notes, {});
  report.add(result("1", Action::copy, Outcome::failed));
  report.add(result("2", Action::copy, Outcome::failed));
  const auto summary = report.finish();
  CHECK(summary.failed == 2);
  CHECK(explain(summary.write_problem).kind == ErrorKind::local_io);
  CHECK(read("failures").size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a plan's file appears only when it is complete") {
  {
    auto report = open();
    report.add(result("1.0", Action::copy, Outcome::planned));
  }
  CHECK(!std::filesystem::exists(folder / "plan"));
  auto report = open();
  report.begin({"docker://old:5000", "docker://new:5000"}, 1);
  report.add(result("1.0", Action::copy, Outcome::planned));
  report.finish();
  const auto line = parse_plan_line(read("plan").at(0), "a line");
  CHECK(line.from == "docker://old:5000");
  CHECK(line.tag.tag == "1.0");
}

TEST_CASE_FIXTURE(Fixture, "the map has a line for each tag in scope of a mirror that converts") {
  const auto run = [&](bool is_mapped, bool is_interrupted) {
    const auto conversion = is_mapped ? Conversion::v1_to_oci : Conversion::oci_to_v1;
    Report report({{}, {}, {}, folder / "map"}, notes, {});
    report.begin({"docker://old:5000", "docker://new:5000", false, false, conversion}, 1);
    auto copied = result("2.0", Action::copy);
    copied.made = std::make_shared<const MadeImage>(
        MadeImage{"abc", "a type", oci::Digest::of("manifest"), oci::Digest::of("config")});
    report.add(copied);
    auto kept = result("1.0", Action::keep);
    kept.tag.identity.reset();
    kept.made = copied.made;
    report.add(kept);
    report.add(result("broken", Action::copy, Outcome::failed));
    report.add(result("old", Action::remove));
    report.add(result("filtered", Action::skip));
    if (is_interrupted) {
      report.interrupt();
    }
    CHECK(!report.finish().write_problem);
    return read("map");
  };
  const auto lines = run(true, false);
  REQUIRE(lines.size() == 3);
  const auto kept = parse_map_line(lines[0], "a line");
  CHECK(kept.tag == "1.0");
  CHECK(kept.outcome == "kept");
  CHECK(kept.id == "abc");
  CHECK(parse_map_line(lines[1], "a line").made->digest == oci::Digest::of("manifest"));
  const auto broken = parse_map_line(lines[2], "a line");
  CHECK(!broken.made);
  CHECK(broken.error->message == "it went wrong");
  CHECK(run(true, true) == lines); // the earlier map stays
  CHECK(notes.text.find("no map is written") != std::string::npos);
  CHECK(run(false, false).empty());
}

TEST_CASE_FIXTURE(Fixture, "failures of one kind have one cause, and the first is kept") {
  Report report({}, notes, {});
  report.add_repository("a", problem(ErrorKind::integrity, "first"));
  report.add_repository("b", problem(ErrorKind::integrity, "second"));
  CHECK(report.finish().has_one_cause);
  report.add_repository("c", problem(ErrorKind::unavailable));
  const auto summary = report.finish();
  CHECK(!summary.has_one_cause);
  CHECK(explain(summary.first_problem).message == "first");
}

TEST_CASE_FIXTURE(Fixture, "after an interrupt, tags not done are reported") {
  auto report = open();
  interrupt();
  report.add(result("1.0", Action::copy, Outcome::not_done));
  report.interrupt();
  reset_interrupt();
  CHECK(Json::parse(read("report").at(0)).at("outcome") == "not done");
}

TEST_CASE("a listener receives each tag, and each record if it takes records") {
  Lines tags;
  Lines records;
  test::Notes notes;
  MirrorListener listener;
  listener.on_tag = [&](const TagResult& result) { tags.push_back(result.tag.tag); };
  for (const bool takes_records : {false, true}) {
    if (takes_records) {
      listener.on_record = [&](const std::string& json) {
        records.push_back(Json::parse(json).at("type"));
      };
    }
    Report report({}, notes, listener);
    report.add(result("1.0", Action::keep));
    report.add_repository("team/broken", problem(ErrorKind::unavailable));
    report.finish();
  }
  CHECK(tags == Lines{"1.0", "1.0"});
  CHECK(records == Lines{"tag", "repository", "summary"});
}

TEST_CASE_FIXTURE(Fixture, "an error of a listener does not end the run, and is in the summary") {
  auto report = open({.on_record = {}, .on_tag = [](const TagResult& result) {
                        if (result.tag.tag == "1.0") {
                          throw Error(ErrorKind::local_io, "the disk is full");
                        }
                      }});
  report.add(result("1.0", Action::copy));
  report.add(result("2.0", Action::copy));
  const auto summary = report.finish();
  CHECK(summary.copied == 2);
  CHECK(explain(summary.write_problem).message == "the disk is full");
}

TEST_CASE_FIXTURE(Fixture, "names that are not UTF-8 are written too") {
  auto report = open();
  report.add(result("\xff\xfe", Action::copy));
  CHECK(Json::parse(read("report").at(0)).at("tag") == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE_FIXTURE(Fixture, "a file that cannot be opened is an error before any work is done") {
  CHECK_THROWS_AS(Report({folder / "none/report", {}, {}}, notes, {}), Error);
}

TEST_CASE("between two passes no progress is shown") {
  Standing standing;
  {
    Report report({}, standing, {});
    report.begin({"a", "b"}, 1);
    report.expect_tags(1);
    report.add(result("1.0", Action::keep));
    report.count_repository();
    CHECK(standing.repositories == "1 of 1 repository");
    CHECK(standing.tags == "1 of 1 tag");
  }
  CHECK(standing.repositories.empty());
  CHECK(standing.tags.empty());
}

TEST_CASE_FIXTURE(StandingFixture, "finished tags are shown out of the known ones") {
  report.begin({"a", "b"}, 3);
  CHECK(standing.repositories == "0 of 3 repositories");
  CHECK(standing.tags.empty());
  report.expect_tags(2);
  CHECK(standing.tags == "0 of 2+ tags"); // two repositories are not listed yet
  report.add(result("1.0", Action::copy));
  CHECK(standing.tags == "1 of 2+ tags");
  report.add(result("1.0", Action::skip)); // left out by the rules, and not expected
  CHECK(standing.tags == "1 of 2+ tags");
  report.expect_tags(3);
  report.add_repository("team/gone", problem(ErrorKind::not_found));
  CHECK(standing.tags == "1 of 5 tags");
  report.add(result("1.0", Action::keep));
  report.add(result("1.0", Action::update, Outcome::failed));
  report.add(result("1.0", Action::copy, Outcome::not_done));
  CHECK(standing.tags == "4 of 5 tags");
  report.drop_tags(1);
  CHECK(standing.tags == "4 of 4 tags");
}

TEST_CASE_FIXTURE(StandingFixture, "repositories not listed yet count like the listed ones") {
  report.begin({"a", "b"}, 4);
  CHECK(standing.share == 0);
  report.expect_tags(2);
  CHECK(standing.share == 0);
  report.add(result("1.0", Action::copy));
  CHECK(standing.share == doctest::Approx(1.0 / 8));
  report.expect_tags(4); // three a repository by now
  CHECK(standing.share == doctest::Approx(1.0 / 12));
  for (int i = 0; i < 5; ++i) {
    report.add(result("1.0", Action::keep));
  }
  CHECK(standing.share == doctest::Approx(0.5));
  report.add_repository("gone", problem(ErrorKind::not_found));
  report.expect_tags(0);
  CHECK(standing.share == doctest::Approx(1));
}

TEST_CASE_FIXTURE(StandingFixture, "repositories without tags count one by one") {
  report.begin({"a", "b"}, 2);
  report.expect_tags(0);
  report.count_repository();
  CHECK(standing.share == doctest::Approx(0.5));
}

TEST_CASE_FIXTURE(StandingFixture,
                  "a tag that the source cannot read counts as part of the mirror") {
  report.begin({"a", "b"}, 1);
  report.expect_tags(1);
  auto broken = result("1.0", Action::skip, Outcome::failed);
  broken.tag.is_broken = true;
  report.add(broken);
  CHECK(standing.tags == "1 of 1 tag");
}

TEST_SUITE_END();
