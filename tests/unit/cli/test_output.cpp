// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl::cli;
using namespace std::chrono_literals;
using namespace regctl::test;

namespace {

regctl::ops::ImageRow row(const std::string& repository) {
  return {repository, "1", std::nullopt, "", std::nullopt, nullptr};
}

} // namespace

TEST_SUITE_BEGIN("cli/output");

TEST_CASE("a table waits for its first rows and then prints each as it comes") {
  Program program;
  std::vector<std::string> seen;
  program.prepare = [&](FakeVerbs& verbs, regctl::ops::Progress&) {
    verbs.rows.assign(Listing::k_held_rows + 2, row("a"));
    verbs.rows.front() = row("first");
    verbs.rows[1] = row("the widest");
    verbs.rows.back() = row("wider than the widest");
  };
  program.run({"images", "h"});
  std::istringstream lines(program.out());
  std::string line;
  std::getline(lines, line);
  CHECK(line.starts_with("REPOSITORY   TAG"));
  std::getline(lines, line);
  CHECK(line.starts_with("first        1  "));
  while (std::getline(lines, line)) {
    seen.push_back(line);
  }
  CHECK(seen.size() == Listing::k_held_rows + 1);
  CHECK(seen.back().starts_with("wider than the widest   1  ")); // out of line, but apart
}

TEST_CASE("a JSON object is not written before its first element or its end") {
  std::ostringstream out;
  JsonStream refused(out);
  refused.member("place", "x");
  refused.begin_array("images");
  CHECK(out.str().empty());
  refused.add(1);
  CHECK(out.str() == "{\n  \"place\": \"x\",\n  \"images\": [\n    1");
  out.str("");
  JsonStream empty(out);
  empty.begin_array("images");
  empty.end_array();
  empty.member("kept", 2);
  CHECK(out.str().empty());
  empty.end();
  CHECK(out.str() == "{\n  \"images\": [],\n  \"kept\": 2\n}\n");
}

TEST_CASE("a table whose rows come slowly is printed early") {
  Program program;
  std::ostringstream out;
  auto console = program.make_console(out);
  console.now = [&] { // each look takes a while, as a slow registry does
    return program.now += Listing::k_held_time;
  };
  std::vector<std::string> repositories;
  const auto list = [&] {
    out.str("");
    run({"images", "h"}, console, [&](regctl::ops::SessionOptions, regctl::ops::Progress&) {
      auto verbs = std::make_unique<FakeVerbs>(program.calls);
      verbs->repositories = repositories;
      verbs->rows = {row("first"), row("the second one"), row("this is the third")};
      return verbs;
    });
    return out.str();
  };
  // Time runs from the first row on, however long that takes: the second is in the sample.
  CHECK(list().find("\nfirst            1   ") != std::string::npos);
  // Names that are known beforehand need no sample.
  repositories = {"first", "the second one", "this is the third"};
  CHECK(list().find("\nfirst               1              <none>         N/A             N/A\n") !=
        std::string::npos);
}

TEST_CASE("a JSON listing is one array, even if it is empty") {
  Program program;
  CHECK(program.run({"images", "h", "--format", "json"}) == ExitCode::ok);
  CHECK(program.out() == "[]\n");
  program.prepare = [](FakeVerbs& verbs, regctl::ops::Progress&) {
    verbs.tags = {{"1", "x"}, {"\xff\xc2\x9b", "y"}};
  };
  CHECK(program.run({"tags", "h/app", "--format", "json"}) == ExitCode::ok);
  CHECK(program.out() == "[\n"
                         "  {\n"
                         "    \"repository\": \"h/app\",\n"
                         "    \"tag\": \"1\",\n"
                         "    \"id\": \"x\"\n"
                         "  },\n"
                         "  {\n"
                         "    \"repository\": \"h/app\",\n"
                         "    \"tag\": \"\xef\xbf\xbd\\u009b\",\n"
                         "    \"id\": \"y\"\n"
                         "  }\n"
                         "]\n");
}

TEST_CASE("an error leaves a JSON listing open") {
  Program program;
  program.prepare = [](FakeVerbs& verbs, regctl::ops::Progress&) {
    verbs.failure = std::make_exception_ptr(regctl::Error(regctl::ErrorKind::unavailable, "gone"));
  };
  CHECK(program.run({"images", "h", "--format", "json"}) == ExitCode::unavailable);
  CHECK(program.out().empty());
}

TEST_SUITE_END();
