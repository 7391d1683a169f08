// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl::cli;
using namespace regctl::test;

TEST_SUITE_BEGIN("cli/login_flags");

TEST_CASE("the password comes from stdin, the environment or the terminal") {
  Program program;
  SUBCASE("stdin") {
    program.in = "se cret\r\n";
    CHECK(program.run({"login", "h", "-u", "bob", "--password-stdin"}) == ExitCode::ok);
    CHECK(program.calls == Words{"login h bob:se cret"});
    CHECK(program.asked.empty());
  }
  SUBCASE("environment") {
    program.environment["REGCTL_USERNAME"] = "eve";
    program.environment["REGCTL_PASSWORD"] = "env";
    CHECK(program.run({"login", "h"}) == ExitCode::ok);
    CHECK(program.calls == Words{"login h eve:env"});
    CHECK(program.run({"login", "h", "-u", "bob"}) == ExitCode::ok);
    CHECK(program.calls == Words{"login h bob:env"});
  }
  SUBCASE("terminal") {
    program.answer = "typed";
    CHECK(program.run({"login", "h"}) == ExitCode::ok);
    CHECK(program.calls == Words{"login h typed:typed"});
    CHECK(program.asked == Words{"User name at h: ", "hidden Password of 'typed' at h: "});
  }
}

TEST_CASE("a missing part of a credential is a usage error that says what to add") {
  struct Row {
    Words words;
    std::string in;
    std::string text;
  };
  const Row rows[] = {
      {{"login", "h"}, "", "hint: add --username NAME"},
      {{"login", "h", "-u", "bob"}, "", "hint: use --password-stdin, or set REGCTL_PASSWORD"},
      {{"login", "h", "-u", "bob", "--password-stdin"}, "\n", "standard input is empty"},
      {{"ping", "h", "--password-stdin"}, "x", "hint: add --username NAME"},
      {{"ping", "h", "-u", "bob"}, "", "hint: use --password-stdin, or set REGCTL_PASSWORD"},
      {{"push", "-", "h/app", "-u", "bob", "--password-stdin"}, "x", "both want standard input"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Program program;
    program.in = row.in;
    CHECK(program.run(row.words) == ExitCode::usage);
    CHECK(program.err().find(row.text) != std::string::npos);
    CHECK(program.calls.empty());
  }
}

TEST_CASE("flags set the session's credentials; without flags the environment is not read") {
  Program program;
  program.environment["REGCTL_PASSWORD"] = "env";
  CHECK(program.run({"ping", "h", "-u", "bob"}) == ExitCode::ok);
  REQUIRE(program.session.credentials.from_flags);
  CHECK(program.session.credentials.from_flags->username == "bob");
  CHECK(program.session.credentials.from_flags->password.reveal() == "env");
  CHECK(program.run({"ping", "h"}) == ExitCode::ok);
  CHECK_FALSE(program.session.credentials.from_flags);
}

TEST_CASE("login and logout print their result") {
  Program program;
  program.in = "x";
  CHECK(program.run({"login", "h", "-u", "bob", "--password-stdin"}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(program.err() ==
        "regctl: login succeeded; stored in /home/bob/.docker/config.json (not encrypted)\n");
  CHECK(program.run({"logout", "h"}) == ExitCode::ok);
  CHECK(program.err() == "regctl: removed the credential of h\n");
  CHECK(program.run({"logout", "h", "--format", "json"}) == ExitCode::ok);
  CHECK(regctl::parse_json(program.out(), "it") ==
        regctl::Json{{"host", "h"}, {"outcome", "removed"}});
  program.prepare = [](FakeVerbs& verbs, regctl::ops::Progress&) { verbs.was_logged_in = false; };
  CHECK(program.run({"logout", "h"}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(program.err() == "regctl: a credential of h was not stored\n");
}

TEST_SUITE_END();
