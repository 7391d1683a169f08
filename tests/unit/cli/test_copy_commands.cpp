// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

namespace {

ops::CopyReport some_report() {
  ops::CopyReport report;
  report.tags = {{"docker://h:5000/app:1", "docker://g:5000/app:1", k_id_a},
                 {"docker://h:5000/app:2", "docker://g:5000/app:2", k_id_b}};
  report.images_copied = 3;
  report.images_skipped = 1;
  report.bytes_copied = 1000;
  return report;
}

} // namespace

TEST_SUITE_BEGIN("cli/copy_commands");

TEST_CASE("binary data is not written to a terminal") {
  Program program;
  program.out_is_terminal = true;
  for (const Words& words :
       {Words{"layer", "get", "h:5000/app:1"}, Words{"layer", "get", "h:5000/app:1", "-o", "-"},
        Words{"pull", "h:5000/app:1", "-"}, Words{"copy", "h:5000/app:1", "-"}}) {
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.calls.empty());
  }
  program.in_is_terminal = true;
  CHECK(program.run({"push", "-", "h:5000/app:1"}) == ExitCode::usage);
  CHECK(program.calls.empty());
}

TEST_CASE("pull chooses a file name from the image's name") {
  struct Row {
    Words words;
    std::string call;
    std::string out;
  };
  const Row rows[] = {
      {{"h:5000/team/app:1.0"},
       "copy docker://h:5000/team/app:1.0 docker-archive:app_1.0.tar",
       "app_1.0.tar\n"},
      {{"h:5000/app"},
       "copy docker://h:5000/app docker-archive:app_latest.tar",
       "app_latest.tar\n"},
      {{"-a", "h:5000/app"}, "copy docker://h:5000/app docker-archive:app.tar all", "app.tar\n"},
      {{"h:5000/app", "x.tar"}, "copy docker://h:5000/app docker-archive:x.tar", "x.tar\n"},
      {{"h:5000/app", "./x"}, "copy docker://h:5000/app docker-archive:./x", "./x\n"},
      {{"h:5000/app", "out"}, "copy docker://h:5000/app docker-archive:out", "out\n"},
      {{"h:5000/app", "/tmp/out"},
       "copy docker://h:5000/app docker-archive:/tmp/out",
       "/tmp/out\n"},
      {{"h:5000/app", "-"}, "copy docker://h:5000/app docker-archive:-", ""},
      {{"--no-verify", "h:5000/app"},
       "copy docker://h:5000/app docker-archive:app_latest.tar unverified",
       "app_latest.tar\n"},
      {{"h:5000/app", "docker-daemon:"},
       "copy docker://h:5000/app docker-daemon:",
       "g:5000/app:1 aaaaaaaaaaaa\ng:5000/app:2 bbbbbbbbbbbb\n"},
  };
  for (auto row : rows) {
    CAPTURE(row.call);
    Program program;
    program.prepare_verbs([](FakeVerbs& verbs) { verbs.report = some_report(); });
    row.words.insert(row.words.begin(), "pull");
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
    CHECK(program.out() == row.out);
  }
}

TEST_CASE("pull refuses a folder as its file") {
  const TemporaryFolder folder;
  Program program;
  CHECK(program.run({"pull", "h:5000/app:1", folder.path().string()}) == ExitCode::usage);
  CHECK(program.err().find("' is a folder\nhint: name a file in it: " + folder.path().string() +
                           "/app_1.tar\n") != std::string::npos);
  CHECK(program.calls.empty());
}

TEST_CASE("an archive is a plain tar even if its name suggests compression, with a note") {
  for (const char* file : {"d.tgz", "d.tar.gz", "d.tar.zst", "d.tar.xz", "d.tar.bz2"}) {
    for (const char* command : {"pull", "copy"}) {
      CAPTURE(file);
      Program program;
      CHECK(program.run({command, "h:5000/app:1", file}) == ExitCode::ok);
      CHECK(program.err().find("becomes a plain tar") != std::string::npos);
    }
  }
  Program program;
  CHECK(program.run({"pull", "h:5000/app:1", "d.tar"}) == ExitCode::ok);
  CHECK(program.err().find("plain tar") == std::string::npos);
}

TEST_CASE("an unreachable registry named by a word gets a hint about files") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.failure = std::make_exception_ptr(
        regctl::Error(regctl::ErrorKind::unavailable,
                      "cannot reach https://d.txt: there is no host", "check it"));
  });
  CHECK(program.run({"copy", "h:5000/app:1", "d.txt"}) == ExitCode::unavailable);
  CHECK(program.err().find("for a file, write ./d.txt\n") != std::string::npos);
  CHECK(program.run({"copy", "h:5000/app:1", "g.txt"}) == ExitCode::unavailable);
  CHECK(program.err().find("./g.txt") == std::string::npos); // the source is not there
}

TEST_CASE("pull and push refuse arguments that make no sense") {
  for (const Words& words :
       {Words{"pull", "app.tar", "x.tar"}, Words{"push", "app.tar", "h.x:5000/"},
        Words{"pull", "h:5000/app", "g:5000/app"}, Words{"pull", "h.x:5000"},
        Words{"pull", "-a", "h:5000/app:1"}, Words{"pull", "h:5000/app", "out:1"},
        Words{"pull", "h:5000/app", "g.x/app"}, Words{"pull", "h:5000/app", "/"},
        Words{"pull", "h:5000/app", "-", "--format", "json"}}) {
    Program program;
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.calls.empty());
  }
}

TEST_CASE("push and copy name both ends and print one line for each tag") {
  struct Row {
    Words words;
    std::string call;
  };
  const Row rows[] = {
      {{"push", "app.tar", "h:5000/app:1"}, "copy docker-archive:app.tar docker://h:5000/app:1"},
      {{"push", "-", "h:5000/app"}, "copy docker-archive:- docker://h:5000/app"},
      {{"push", "app.tar", "h:5000"}, "copy docker-archive:app.tar docker:// at h:5000"},
      {{"push", "app.tar"}, "copy docker-archive:app.tar docker://"},
      {{"push", "-a", "app.tar", "h:5000", "--no-compress"},
       "copy docker-archive:app.tar docker:// at h:5000 all plain"},
      {{"push", "docker-daemon:app:1", "h:5000/app:1"},
       "copy docker-daemon:app:1 docker://h:5000/app:1"},
      {{"copy", "h:5000/app:1", "g:5000/app:1"},
       "copy docker://h:5000/app:1 docker://g:5000/app:1"},
      {{"cp", "-a", "h:5000/app", "g:5000"}, "copy docker://h:5000/app docker:// at g:5000 all"},
      {{"copy", "h:5000/app:1", "x.tar"}, "copy docker://h:5000/app:1 docker-archive:x.tar"},
      {{"copy", "x.tar", "docker-daemon:"}, "copy docker-archive:x.tar docker-daemon:"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.call);
    Program program;
    program.prepare_verbs([](FakeVerbs& verbs) { verbs.report = some_report(); });
    CHECK(program.run(row.words) == ExitCode::ok);
    CHECK(program.calls == Words{row.call});
    CHECK(program.out() == "g:5000/app:1 aaaaaaaaaaaa\ng:5000/app:2 bbbbbbbbbbbb\n");
  }
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) { verbs.report = some_report(); });
  CHECK(program.run({"copy", "h:5000/app", "-"}) == ExitCode::ok);
  CHECK(program.out().empty());
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000", "--format", "json"}) == ExitCode::ok);
  const auto json = parse_json(program.out(), "it");
  CHECK(json["tags"][0] == Json{{"from", "docker://h:5000/app:1"},
                                {"to", "docker://g:5000/app:1"},
                                {"id", k_id_a},
                                {"verified", true}});
  CHECK(json["images"] == 3);
  CHECK(json["images_there"] == 1);
  CHECK(json["bytes"] == 1000);
  CHECK(program.run({"push", "h:5000/app", "g:5000/app"}) == ExitCode::usage);
  CHECK(program.run({"copy", "h:5000", "g:5000"}) == ExitCode::usage);
  CHECK(program.run({"copy", "-a", "h:5000/app:1", "g:5000"}) == ExitCode::usage);
}

TEST_CASE("tag takes bare tags, whole names and IDs") {
  Program program;
  CHECK(program.run({"tag", "h:5000/app:1", "stable", "h:5000/other"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag docker://h:5000/app:1 docker://h:5000/app:stable",
                               "tag docker://h:5000/app:1 docker://h:5000/other"});
  CHECK(program.out() == "h:5000/app:stable aaaaaaaaaaaa\nh:5000/other:latest aaaaaaaaaaaa\n");
  CHECK(program.run({"tag", "--id", k_id_b, "h:5000/app:2", "--format", "json"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag " + k_id_b + " docker://h:5000/app:2"});
  CHECK(parse_json(program.out(), "it") == Json::array({{{"place", "docker://h:5000/app:2"},
                                                         {"repository", "app"},
                                                         {"tag", "2"},
                                                         {"id", k_id_b}}}));
  CHECK(program.run({"tag", k_id_b, "h:5000/app:2"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag " + k_id_b + " docker://h:5000/app:2"});
  CHECK(program.run({"tag", "v1-storage:t:app:1", "stable"}) == ExitCode::ok);
  CHECK(program.calls == Words{"tag v1-storage:t:app:1 v1-storage:t:app:stable"});
  CHECK(program.out() == "v1-storage:t:app:stable aaaaaaaaaaaa\n");
  CHECK(program.run({"tag", "v1-storage:t", "stable"}) == ExitCode::usage);
  CHECK(program.run({"tag", "h:5000/app:1"}) == ExitCode::usage);
  CHECK(program.run({"tag", "h:5000/app:1", "good", "h:5000/:bad"}) == ExitCode::usage);
  CHECK(program.calls.empty());
}

TEST_CASE("rm removes tags, and repositories only when told twice") {
  Program program;
  CHECK(program.run({"rm", "h:5000/app:1", "h:5000/app:2"}) == ExitCode::ok);
  CHECK(program.calls == Words{"rm docker://h:5000/app:1", "rm docker://h:5000/app:2"});
  CHECK(program.out() == "h:5000/app:1\nh:5000/app:2\n");
  CHECK(program.run({"rm", "h:5000/app:1", "h:5000/app"}) == ExitCode::usage);
  CHECK(program.calls.empty()); // not even the first

  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::usage); // nobody to ask
  CHECK(program.calls.empty());
  program.answer = "n";
  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::usage);
  CHECK(program.calls.empty());
  program.answer = "y";
  CHECK(program.run({"rm", "--repository", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.calls == Words{"rm all of docker://h:5000/app"});
  CHECK(program.asked.back() == "Remove h:5000/app with all its tags? [y/N] ");
  program.answer.reset();
  CHECK(program.run({"rm", "--repository", "-y", "h:5000/app", "--format=json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") ==
        Json::array({{{"place", "docker://h:5000/app"}, {"repository", "app"}, {"tag", nullptr}}}));
}

TEST_CASE("properties shows and sets the access of a repository") {
  Program program;
  CHECK(program.run({"properties", "h:5000/app"}) == ExitCode::ok);
  CHECK(program.out() == "h:5000/app is private\n");
  CHECK(program.run({"properties", "h:5000/app", "--access", "public"}) == ExitCode::ok);
  CHECK(program.calls == Words{"set docker://h:5000/app public"});
  CHECK(program.out() == "h:5000/app is public\n");
  CHECK(program.run({"properties", "h:5000/app", "--format", "json"}) == ExitCode::ok);
  CHECK(parse_json(program.out(), "it") ==
        Json{{"place", "docker://h:5000/app"}, {"repository", "app"}, {"access", "private"}});
  CHECK(program.run({"properties", "v1-storage:t:app"}) == ExitCode::ok);
  CHECK(program.out() == "v1-storage:t:app is private\n");
  CHECK(program.run({"properties", "h:5000/app", "--access", "all"}) == ExitCode::usage);
  CHECK(program.run({"properties", "h:5000/app:1"}) == ExitCode::usage);
}

TEST_CASE("an argument that needs another command gets that command's line") {
  struct Row {
    Words words;
    std::string hint;
  };
  const Row rows[] = {
      {{"copy", "old:5000", "new:5000"}, "regctl mirror old:5000 new:5000 copies every repository"},
      {{"pull", "old:5000"}, "regctl images old:5000 lists those that there are"},
      {{"inspect", "old:5000"}, "regctl images old:5000 lists those that there are"},
      {{"pull", "old:5000/a", "new:5000/a"}, "regctl copy old:5000/a new:5000/a"},
      {{"push", "old:5000/a", "new:5000/a"}, "regctl copy old:5000/a new:5000/a"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.hint);
    Program program;
    CHECK(program.run(row.words) == ExitCode::usage);
    CHECK(program.err().find(row.hint) != std::string::npos);
    CHECK(program.calls.empty());
  }
}

TEST_CASE("images copied below a namespace keep their names") {
  Program program;
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000/ns/sub/"}) == ExitCode::ok);
  CHECK(program.calls.back().find(" at g:5000/ns/sub/") != std::string::npos);
  CHECK(program.run({"push", "a.tar", "g:5000/ns/"}) == ExitCode::ok);
  CHECK(program.calls.back().find(" at g:5000/ns/") != std::string::npos);
  CHECK(program.run({"copy", "h:5000/app:1", "g:5000/ns:1/"}) == ExitCode::usage);
}

TEST_SUITE_END();
