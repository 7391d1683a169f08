// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using ops::mirror::Action;
using ops::mirror::TagResult;
using namespace regctl::test;
using Outcome = TagResult::Outcome;

namespace {

const std::string k_a(64, 'a');
const std::string k_b(64, 'b');

TagResult planned(const std::string& tag, Action action, const std::string& reason) {
  TagResult result;
  result.tag.source_name = "team/app";
  result.tag.destination_name = "team/app";
  result.tag.tag = tag;
  result.tag.action = action;
  result.tag.reason = reason;
  result.tag.identity = k_a;
  result.outcome = Outcome::planned;
  return result;
}

void prepare_plan(FakeVerbs& verbs) {
  auto copied = planned("1.0", Action::copy, "missing");
  copied.ahead = {.images = 2, .bytes = 65'570, .requests = 18};
  auto updated = planned("latest", Action::update, "differs");
  updated.ahead = {.bytes = 1'200'000'000, .bytes_shared = 65'570, .requests = 4};
  auto unknown = planned("1.1", Action::copy, "missing");
  unknown.ahead = {.requests = 7, .has_all_images = false, .has_all_sizes = false};
  auto removed = planned("0.1", Action::remove, "not at the source");
  removed.tag.identity.reset();
  removed.tag.previous = k_b;
  auto broken = planned("bad\x1b[0m", Action::skip, "broken at the source");
  broken.tag.identity.reset();
  broken.tag.is_broken = true;
  broken.outcome = Outcome::failed;
  verbs.results = {copied,
                   unknown,
                   updated,
                   removed,
                   broken,
                   planned("0.9", Action::keep, "same"),
                   planned("nightly", Action::skip, "filtered by its name")};
  verbs.mirrored.repositories = 1;
  verbs.mirrored.plan.copy = 2;
  verbs.mirrored.plan.of_unknown_size = 1;
  verbs.mirrored.plan.requests = 29;
}

const Words k_words = {"mirror", "h:5000", "g:5000", "--dry-run"};

} // namespace

TEST_SUITE_BEGIN("cli/mirror_plan_table");

TEST_CASE("a plan is a table of the changes, with totals") {
  Program program;
  program.prepare = [](FakeVerbs& verbs, ops::Progress&) { prepare_plan(verbs); };
  CHECK(program.run(k_words) == ExitCode::ok);
  CHECK(
      program.out() ==
      "ACTION   TAG                   IMAGE ID       TO MOVE    SHARED     REASON\n"
      "copy     team/app:1.0          aaaaaaaaaaaa   65.57 kB   0 B        missing\n"
      "copy     team/app:1.1          aaaaaaaaaaaa   N/A        N/A        missing\n"
      "update   team/app:latest       aaaaaaaaaaaa   1.2 GB     65.57 kB   differs\n"
      "delete   team/app:0.1          bbbbbbbbbbbb   -          -          not at the source\n"
      "skip     team/app:bad\\x1b[0m   -              -          -          broken at the source\n"
      "\n"
      "2 tags in 1 repository: copy 2\n"
      "for 1 tag not all sizes are known (--sizes asks the source)\n"
      "about 29 requests\n");
  CHECK(program.err().empty());
}

TEST_CASE("with --all, unchanged tags have rows too") {
  Program program;
  program.prepare = [](FakeVerbs& verbs, ops::Progress&) { prepare_plan(verbs); };
  auto words = k_words;
  words.insert(words.end(), {"--all", "--sizes"});
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out().find("keep     team/app:0.9          aaaaaaaaaaaa   -          -          "
                           "same\n") != std::string::npos);
  CHECK(program.out().find("   filtered by its name\n") != std::string::npos);
  CHECK(program.out().find("for 1 tag not all sizes are known\n") != std::string::npos);
}

TEST_CASE("a plan without changes has no table") {
  Program program;
  program.prepare = [](FakeVerbs& verbs, ops::Progress&) {
    verbs.results = {planned("1.0", Action::keep, "same")};
    verbs.mirrored.repositories = 1;
    verbs.mirrored.plan.keep = 1;
  };
  CHECK(program.run(k_words) == ExitCode::ok);
  CHECK(program.out() == "1 tag in 1 repository: keep 1\n");
}

TEST_CASE("as JSON every record is one line") {
  Program program;
  program.prepare = [](FakeVerbs& verbs, ops::Progress&) { prepare_plan(verbs); };
  auto words = k_words;
  words.insert(words.end(), {"--format", "json"});
  CHECK(program.run(words) == ExitCode::ok);
  CHECK(program.out() == "{}\n{}\n{}\n{}\n{}\n{}\n{}\n");
  CHECK(program.err().find("1 repository: 2 tags to change") != std::string::npos);
}

TEST_CASE("--sizes is refused without a plan") {
  Program program;
  CHECK(program.run({"mirror", "h:5000", "g:5000", "--sizes"}) == ExitCode::usage);
  CHECK(program.err().find("--sizes is about what a plan tells") != std::string::npos);
}

TEST_SUITE_END();
