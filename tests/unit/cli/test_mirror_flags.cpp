// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::cli;
using namespace regctl::test;

namespace {

std::string write_mirror_file(const TemporaryFolder& folder, const std::string& defaults) {
  auto path = folder / "mirror.yml";
  AtomicFile file(path);
  file.write(as_bytes("version: 1\ndefaults: {" + defaults +
                      "}\nmirrors: [{source: 'h:5000', destination: 'g:5000'}]\n"));
  file.commit();
  return path;
}

const Words k_rules[] = {
    {"--include", "a"},
    {"--exclude", "a"},
    {"--include-tag", "a"},
    {"--exclude-tag", "a"},
    {"--semver", "1"},
    {"--latest", "1"},
    {"--newer-than", "1d"},
    {"--prefix", "a/"},
    {"--repositories-from", "a"},
    {"--rename", "a=b"},
    {"--prune"},
    {"--prune-limit", "10%"},
    {"--yes"},
    {"--rescue"},
    {"--protect", "a"},
};

/// The words end with a status of wrong usage that says so, before anything is done.
void check_refused(const Words& words, const std::string& saying) {
  CAPTURE(words.back());
  Program program;
  CHECK(program.run(words) == ExitCode::usage);
  CHECK(program.err().find("regctl: error: " + saying) == 0);
  CHECK(program.calls.empty());
}

} // namespace

TEST_SUITE_BEGIN("cli/mirror_flags");

TEST_CASE("a gentle mirror has a gentle client, by flag or by file") {
  const TemporaryFolder folder;
  struct Row {
    std::string defaults;
    Words flags;
    http::Pace pace;
  };
  const Row rows[] = {
      {"", {}, http::Pace::adaptive},
      {"gentle: false", {}, http::Pace::adaptive},
      {"gentle: true", {}, http::Pace::gentle},
      {"gentle: false", {"--gentle"}, http::Pace::gentle},
  };
  for (const auto& row : rows) {
    CAPTURE(row.defaults);
    Program program;
    Words words = {"mirror", "--config", write_mirror_file(folder, row.defaults)};
    words.insert(words.end(), row.flags.begin(), row.flags.end());
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.session.client.pace == row.pace);
    CHECK(program.calls == Words{"mirror docker://h:5000 docker://g:5000"});
  }
  Program program;
  CHECK(program.run({"mirror", "h:5000", "g:5000", "--gentle"}) == ExitCode::ok);
  CHECK(program.session.client.pace == http::Pace::gentle);
}

TEST_CASE("rules beside a mirror file are refused") {
  const TemporaryFolder folder;
  const auto file = write_mirror_file(folder, "");
  for (const auto& rule : k_rules) {
    CAPTURE(rule.front());
    Program program;
    Words words = {"mirror", "--config", file};
    words.insert(words.end(), rule.begin(), rule.end());
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.err() == "regctl: error: " + rule.front() +
                               " is a rule, and rules belong in the mirror file '" + file +
                               "'\nhint: write it there, for one mirror or as a default "
                               "(regctl-mirror(5))\n");
    CHECK(program.calls.empty());
  }
  Program program;
  CHECK(program.run({"mirror", "--config", file, "--shard", "1/2", "--dry-run"}) == ExitCode::ok);
}

TEST_CASE("rules beside --apply are refused, except those that a plan does not settle") {
  for (const auto& rule : k_rules) {
    Words words = {"mirror", "h:5000", "g:5000", "--apply", "plan"};
    words.insert(words.end(), rule.begin(), rule.end());
    if (rule.front() == "--protect" || rule.front() == "--yes" || rule.front() == "--rescue") {
      Program program;
      CHECK(program.run(words) == ExitCode::ok);
    } else {
      check_refused(words, rule.front() + " is a rule, and what --apply carries out was decided");
    }
  }
  for (const Words& more : {Words{"--plan", "b"}, Words{"--dry-run"}, Words{"--watch", "1h"}}) {
    Words words = {"mirror", "h:5000", "g:5000", "--apply", "plan"};
    words.insert(words.end(), more.begin(), more.end());
    check_refused(words, "--apply carries out a plan");
  }
}

TEST_CASE("a mirror file can be planned and applied") {
  const TemporaryFolder folder;
  const auto file = write_mirror_file(folder, "");
  for (const auto* flag : {"--plan", "--apply"}) {
    Program program;
    CHECK(program.run({"mirror", "--config", file, flag, "plan"}) == ExitCode::ok);
  }
}

TEST_CASE("results cannot be written to a file named '-'") {
  struct Row {
    const char* flag;
    const char* saying;
  };
  const Row rows[] = {
      {"--report", "the report cannot go to standard output"},
      {"--failures", "what failed cannot go to standard output"},
      {"--plan", "a plan cannot go to standard output"},
      {"--state", "what was learnt cannot go to standard output"},
      {"--metrics-file", "the metrics cannot go to standard output"},
  };
  for (const auto& row : rows) {
    check_refused({"mirror", "h:5000", "g:5000", row.flag, "-"}, row.saying);
  }
}

TEST_CASE("unwritable metrics are an error before any work is done") {
  const TemporaryFolder folder;
  Program program;
  CHECK(program.run({"mirror", "h:5000", "g:5000", "--metrics-file", folder / "none/metrics"}) ==
        ExitCode::local_io);
  CHECK(program.calls.empty());
}

TEST_CASE("flags without effect are refused") {
  struct Row {
    Words words;
    const char* saying;
  };
  const Row rows[] = {
      {{"h:5000", "g:5000", "--exit-code"}, "--exit-code tells whether there is work to do"},
      {{"h:5000", "g:5000", "--prune-limit", "1%"}, "--prune-limit is about removing tags"},
      {{"h:5000", "g:5000", "--map", "map", "--dry-run"}, "--map tells what images became"},
      {{"h:5000", "g:5000", "--protect", "a"}, "--protect is about removing tags"},
      {{"h:5000/a", "g:5000/b", "--prefix", "a/"}, "--prefix makes a name"},
      {{"h:5000", "g:5000", "--prefix", "../"}, "--prefix: '../' begins no name of a repository"},
      {{"h:5000/a", "g:5000/b", "--rename", "a=b"}, "--rename makes a name"},
      {{"h:5000/a", "g:5000", "--repositories-from", "f"}, "--repositories-from names"},
  };
  for (const auto& row : rows) {
    Words words = {"mirror"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    check_refused(words, row.saying);
  }
  const Words good[] = {
      {"h:5000", "g:5000", "--dry-run", "--exit-code"},
      {"h:5000", "g:5000", "--plan", "plan", "--exit-code"},
      {"h:5000", "g:5000", "--prune", "--yes", "--protect", "a", "--prune-limit", "1%"},
      {"h:5000/a", "g:5000", "--prefix", "a/", "--rename", "a=b"},
      {"h:5000", "g:5000", "--yes"}, // publishes private repositories, too
  };
  for (const auto& row : good) {
    Words words = {"mirror"};
    words.insert(words.end(), row.begin(), row.end());
    Program program;
    CHECK(program.run(words) == ExitCode::ok);
  }
}

TEST_CASE("--from-config prints a mirror file, and mirrors nothing") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    AtomicFile file(folder / name);
    file.write(as_bytes(text));
    file.commit();
    return folder / name;
  };
  const auto images = write("images.yml", "a.example/app:1: b.example/app\n");
  const auto auth =
      write("auth.yml", "b.example: {username: u, password: hunter2, insecure: true}");
  const auto renamed = write("renamed.yml", "a.example/app:1: [b.example/app, b.example/x:2]\n");
  const auto skopeo = write("sync.yml", "a.example: {images: {app: []}}\n");
  Program program;
  CHECK(program.run({"mirror", "--from-config", images, "--from-config", auth}) == ExitCode::ok);
  CHECK(program.out().find("\n  - source: a.example/app\n") != std::string::npos);
  CHECK(program.out().find("insecure: true") != std::string::npos);
  CHECK(program.out().find("hunter2") == std::string::npos);
  CHECK(program.err() ==
        "regctl: from image-syncer: 1 mirror, 0 left out, 1 remark; the comments tell "
        "them\n");
  CHECK(program.calls.empty());
  Program partial;
  CHECK(partial.run({"mirror", "--from-config", renamed}) == ExitCode::partial);
  Program below;
  CHECK(below.run({"mirror", "--from-config", skopeo, "b.example/below/"}) == ExitCode::ok);
  CHECK(below.out().find("destination: b.example/below/app") != std::string::npos);
  check_refused({"mirror", "--from-config", skopeo, "a.example", "b.example"},
                "--from-config takes the sources from its file");
  check_refused({"mirror", "--from-config", images, "--prune"}, "--prune is a rule");
  check_refused({"mirror", "--from-config", images, "--dry-run"}, "--dry-run is about a run");
  Program json;
  CHECK(json.run({"mirror", "--from-config", images, "--format", "json"}) == ExitCode::usage);
  check_refused({"mirror", "--from-program", "dregsy"}, "--from-program says whose file");
  Program other;
  CHECK(other.run({"mirror", "--from-config", images, "--from-program", "dregsy"}) ==
        ExitCode::unsupported);
}

TEST_SUITE_END();
