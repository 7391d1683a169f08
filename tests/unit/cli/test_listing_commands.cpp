// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/program.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

TEST_SUITE_BEGIN("cli/listing_commands");

TEST_CASE("ping prints the protocols of the host") {
  Program program;
  CHECK(program.run({"ping", "docker://H:5000/"}) == ExitCode::ok);
  CHECK(program.out() == "http://h:5000 speaks v1, version 0.9.1, standalone\n");
  CHECK(program.run({"ping", "h:5000", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") == Json{{"host", "h:5000"},
                                                {"url", "http://h:5000"},
                                                {"protocols", Json::array({"v1"})},
                                                {"standalone", true},
                                                {"version", "0.9.1"}});
}

TEST_CASE("search takes the term as docker does") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"search", "h:5000"}, "search h:5000 ''"},
      {{"search", "h:5000/"}, "search h:5000 ''"},
      {{"search", "h:5000", "te/am"}, "search h:5000 'te/am'"},
      {{"search", "h:5000/te/am"}, "search h:5000 'te/am'"},
      {{"search", "docker://h:5000/app"}, "search h:5000 'app'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
  Program program;
  CHECK(program.run({"search", "h/a", "b"}) == ExitCode::usage);
  CHECK(program.run({"search", "http://h"}) == ExitCode::usage);
  CHECK(program.run({"search", "ubuntu"}) == ExitCode::usage);
  CHECK(program.err().find("\nhint: regctl search docker.io ubuntu ") != std::string::npos);
  CHECK(program.run({"search", "docker://ubuntu"}) == ExitCode::ok);
}

TEST_CASE("search prints a table as docker's, or JSON") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.found = {{"team/app", "An \x1b[31mapp", 12, true, false},
                   {"x", std::string(60, 'd'), 0, false, true}};
  });
  CHECK(program.run({"search", "h.x"}) == ExitCode::ok);
  CHECK(program.out() ==
        "NAME       DESCRIPTION                                     STARS   OFFICIAL   AUTOMATED\n"
        "team/app   An \\x1b[31mapp                                  12      [OK]\n"
        "x          " +
            std::string(42, 'd') + "...   0                  [OK]\n");
  CHECK(program.run({"search", "h.x", "--no-trunc"}) == ExitCode::ok);
  CHECK(program.out().find(std::string(60, 'd')) != std::string::npos);
  CHECK(program.run({"search", "h.x", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json.size() == 2);
  CHECK(json[0] == Json{{"repository", "team/app"},
                        {"description", "An \x1b[31mapp"},
                        {"stars", 12},
                        {"official", true},
                        {"automated", false}});
}

TEST_CASE("images takes a host, a repository or an archive") {
  struct Row {
    std::string place;
    std::string call;
  };
  const Row rows[] = {
      {"h:5000", "images at h:5000"},
      {"docker://h", "images at h"},
      {"h.x/", "images at h.x"},
      {"[::1]:5000", "images at [::1]:5000"},
      {"h:5000/app", "images of docker://h:5000/app"},
      {"h:5000/app:1", "images of docker://h:5000/app:1"},
      {"app.tar", "images of docker-archive:app.tar"},
      {"./h", "images of docker-archive:./h"},
      {"-", "images of docker-archive:-"},
      {"docker-archive:x", "images of docker-archive:x"},
      {"docker-daemon:app:1", "images of docker-daemon:app:1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.place);
    Program program;
    CHECK(program.run({"images", row.place}) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
  }
}

TEST_CASE("images prints a table as docker's, or JSON, with unreadable images marked") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.rows = {{"team/app", "1.0", k_id_a, "2015-05-11T00:00:00Z", 65'566, nullptr},
                  {"team/app", "bad\n", std::nullopt, "", std::nullopt,
                   std::make_exception_ptr(Error(ErrorKind::integrity, "cannot be read"))}};
  });
  CHECK(program.run({"images", "h"}) == ExitCode::ok);
  CHECK(program.out() == "REPOSITORY   TAG     IMAGE ID       CREATED       SIZE\n"
                         "team/app     1.0     aaaaaaaaaaaa   3 weeks ago   65.57 kB\n"
                         "team/app     bad\\n   <none>         N/A           N/A\n");
  CHECK(program.err() == "regctl: team/app:bad\\n: cannot be read\n");
  CHECK(program.run({"images", "h", "-q"}) == ExitCode::ok);
  CHECK(program.out() == "aaaaaaaaaaaa\n"); // a tag that cannot be read has none
  CHECK(program.err().empty());
  CHECK(program.run({"images", "h", "--no-trunc", "-q"}) == ExitCode::ok);
  CHECK(program.out() == k_id_a + "\n");
  CHECK(program.run({"images", "h", "--no-trunc"}) == ExitCode::ok);
  CHECK(program.out().find(k_id_a) != std::string::npos);
  CHECK(program.run({"images", "h", "--format", "json"}) == ExitCode::ok);
  CHECK(
      parse_json(program.out(), "it") ==
      Json::array({{{"repository", "team/app"},
                    {"tag", "1.0"},
                    {"id", k_id_a},
                    {"created", "2015-05-11T00:00:00Z"},
                    {"size", 65'566},
                    {"error", nullptr}},
                   {{"repository", "team/app"},
                    {"tag", "bad\n"},
                    {"id", nullptr},
                    {"created", nullptr},
                    {"size", nullptr},
                    {"error",
                     {{"kind", "integrity"}, {"message", "cannot be read"}, {"hint", nullptr}}}}}));
}

TEST_CASE("tags are printed one per line, in natural order") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.tags = {{"1.10", k_id_a}, {"1.9", k_id_b}, {"bad", std::nullopt}, {"\x1b[2J", k_id_a}};
  });
  CHECK(program.run({"tags", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "\\x1b[2J\n1.9\n1.10\n");
  CHECK(program.err() == "regctl: tag bad is listed, but the registry cannot read it\n");
  CHECK(program.run({"tags", "-l", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "TAG       IMAGE ID\n"
                         "\\x1b[2J   aaaaaaaaaaaa\n"
                         "1.9       bbbbbbbbbbbb\n"
                         "1.10      aaaaaaaaaaaa\n");
  CHECK(program.run({"tags", "h:5000/app", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json.size() == 4);
  CHECK(json[3] == Json{{"repository", "app"}, {"tag", "bad"}, {"id", nullptr}});

  CHECK(program.run({"tags", "h:5000"}) == ExitCode::usage);
  CHECK(program.err().find("hint: 'regctl images h:5000' lists all") != std::string::npos);
  CHECK(program.run({"tags", "h:5000/app:1"}) == ExitCode::usage);
}

TEST_CASE("version is a line, or JSON") {
  Program program;
  CHECK(program.run({"version"}) == ExitCode::ok);
  CHECK(program.out().starts_with("regctl "));
  const auto line = program.out();
  CHECK(program.run({"--version"}) == ExitCode::ok);
  CHECK(program.out() == line);
  CHECK(program.run({"version", "--format", "json"}) == ExitCode::ok);
  CHECK("regctl " + parse_json(program.out(), "it")["version"].get<std::string>() + "\n" == line);
}

TEST_SUITE_END();
