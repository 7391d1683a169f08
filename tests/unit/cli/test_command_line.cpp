// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/text.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace regctl::cli;
using namespace regctl::test;

namespace {

/// Every command with the words that call it.
std::vector<std::vector<std::string>> all_commands() {
  std::vector<std::vector<std::string>> all;
  const CommandLine line;
  for (const auto& group : line.manual().groups) {
    for (const auto& command : group.commands) {
      auto& words = all.emplace_back();
      std::string_view name = command.text.name;
      const auto space = name.find(' ');
      words.emplace_back(name.substr(0, space));
      if (space != std::string_view::npos) {
        words.emplace_back(name.substr(space + 1));
      }
    }
  }
  return all;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : between) + word;
  }
  return text;
}

/// Compares with tests/data/expected/cli/NAME.txt; REGCTL_ACCEPT=1 writes the file instead.
void check_expected(const std::string& name, const std::string& text) {
  const std::filesystem::path path =
      std::filesystem::path(REGCTL_TEST_DATA) / "expected" / "cli" / (name + ".txt");
  if (std::getenv("REGCTL_ACCEPT") != nullptr) {
    std::ofstream(path) << text;
  }
  CAPTURE(path.string());
  REQUIRE(std::filesystem::exists(path));
  CHECK(text == regctl::read_file(path, 100'000));
}

} // namespace

TEST_SUITE_BEGIN("cli/command_line");

TEST_CASE("help goes to stdout, fits 100 columns, and matches the recorded text") {
  Program program;
  CHECK(program.run({}) == ExitCode::ok);
  check_expected("help_short", program.out());
  CHECK(program.run({"--help"}) == ExitCode::ok);
  check_expected("help", program.out());
  for (auto words : all_commands()) {
    const auto name = joined(words, "_");
    words.emplace_back("--help");
    CAPTURE(name);
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.err().empty());
    std::istringstream lines(program.out());
    for (std::string line; std::getline(lines, line);) {
      CHECK(display_width(line) <= 100);
    }
    check_expected("help_" + name, program.out());
  }
}

TEST_CASE("help can be asked for in several ways") {
  Program program;
  program.run({"pull", "--help"});
  const auto help = program.out();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"pull", "-h"}, {"--help", "pull"}, {"help", "pull"}, {"pull", "x", "y", "--help"}}) {
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.out() == help);
  }
  program.run({"layer", "get", "--help"});
  const auto nested = program.out();
  CHECK(nested.find("Usage: regctl layer get [OPTIONS] IMAGE [ID]\n") != std::string::npos);
  program.run({"help", "layer", "get"});
  CHECK(program.out() == nested);
  CHECK(program.run({"layer"}) == ExitCode::ok);
  CHECK(program.out().find("\n  put ") != std::string::npos);
  program.run({"help", "cp"});
  CHECK(program.out().find("Usage: regctl copy") != std::string::npos);
  CHECK(program.run({"help", "nope"}) == ExitCode::usage);
}

TEST_CASE("every command has a summary, an example that starts with it, and no flag twice") {
  const CommandLine line;
  for (const auto& group : line.manual().groups) {
    for (const auto& command : group.commands) {
      CAPTURE(command.text.name);
      CHECK_FALSE(command.text.summary.empty());
      CHECK_FALSE(command.text.summary.ends_with('.'));
      CHECK(command.text.examples.size() >= 1);
      CHECK(command.text.examples.size() <= 3);
      for (const auto example : command.text.examples) {
        CHECK(example.find("regctl " + std::string(command.text.name)) != std::string_view::npos);
      }
      std::vector<std::string> names;
      // inspect has skopeo's --config, which means a file only before the command.
      if (command.text.name == "inspect") {
        continue;
      }
      for (const auto* flags : {&command.flags, &line.manual().global_flags}) {
        for (const auto& flag : *flags) {
          names.insert(names.end(), flag.names.begin(), flag.names.end());
        }
      }
      std::sort(names.begin(), names.end());
      CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    }
  }
}

TEST_CASE("an invalid command line is refused before anything runs") {
  struct Row {
    std::vector<std::string> words;
    std::string error;
    std::string hint;
  };
  const Row rows[] = {
      {{"pul", "x"}, "there is no command 'pul'; did you mean pull?", "see regctl --help"},
      {{"xyzzy"}, "there is no command 'xyzzy'", "see regctl --help"},
      {{"layer", "fils"},
       "there is no command 'fils'; did you mean files?",
       "see regctl layer --help"},
      {{"--quite", "ping", "x"},
       "unknown option '--quite'; did you mean --quiet?",
       "see regctl ping --help"},
      {{"pull", "-z"}, "unknown option '-z'", "see regctl pull --help"},
      {{"pull", "x", "--all-tag=1"},
       "unknown option '--all-tag'; did you mean --all-tags?",
       "see regctl pull --help"},
      {{"pull"}, "IMAGE is missing", "see regctl pull --help"},
      {{"copy", "a"}, "DEST is missing", "see regctl copy --help"},
      {{"tag"}, "NAME is missing", "see regctl tag --help"},
      {{"ping", "a", "b"}, "'b' is one argument too many", "see regctl ping --help"},
      {{"ping", "a", "-"}, "'-' is one argument too many", "see regctl ping --help"},
      {{"--quiet"}, "a command is missing", "see regctl --help"},
      {{"ping", "x", "--jobs"}, "the value of --jobs is missing", "see regctl ping --help"},
      {{"-j", "0", "ping", "x"},
       "--jobs: '0' is not a whole number from 1 to 64",
       "see regctl ping --help"},
      {{"-j65", "ping", "x"},
       "--jobs: '65' is not a whole number from 1 to 64",
       "see regctl ping --help"},
      {{"ping", "x", "--retry=-1"},
       "--retry: '-1' is not a whole number from 0 to 100",
       "see regctl ping --help"},
      {{"ping", "x", "--timeout", "1.5"},
       "--timeout: '1.5' is not a whole number from 1 to 86400",
       "see regctl ping --help"},
      {{"ping", "x", "--format", "yaml"},
       "--format: 'yaml' is not one of table|json",
       "see regctl ping --help"},
      {{"ping", "x", "--api", "v3"}, "--api: 'v3' is not one of v1|v2", "see regctl ping --help"},
      {{"login", "x", "--password", "y"},
       "there is no --password: everybody here could see it in ps",
       "write it to --password-stdin, or set REGCTL_PASSWORD"},
      {{"login", "x", "-p", "y"},
       "there is no --password: everybody here could see it in ps",
       "write it to --password-stdin, or set REGCTL_PASSWORD"},
  };
  for (const auto& row : rows) {
    CAPTURE(joined(row.words, " "));
    Program program;
    CHECK(program.run(row.words) == ExitCode::usage);
    CHECK(program.out().empty());
    CHECK(program.err() ==
          std::string("regctl: error: ") + row.error + "\nhint: " + row.hint + "\n");
    CHECK(program.calls.empty());
  }
}

TEST_CASE("a flag in a command's manual is known behind each of its names") {
  const CommandLine whole;
  for (const auto& group : whole.manual().groups) {
    for (const auto& command : group.commands) {
      auto names = command.text.aliases;
      names.push_back(command.text.name);
      for (const auto name : names) {
        for (const auto& flag : command.flags) {
          auto words = split(std::string(name), ' ');
          words.push_back(flag.names.back());
          if (!flag.value.empty()) {
            words.emplace_back("1");
          }
          CAPTURE(joined(words, " "));
          try {
            CommandLine(words).parse();
          } catch (const regctl::Error& error) { // an invalid value, or a missing argument
            CHECK_FALSE(error.message().starts_with("unknown option"));
          }
        }
      }
    }
  }
}

TEST_CASE("an unknown flag is refused by every command") {
  for (auto words : all_commands()) {
    CAPTURE(joined(words, " "));
    words.emplace_back("--no-such-flag");
    Program program;
    CHECK(program.run(words) == ExitCode::usage);
    CHECK(program.out().empty());
    CHECK(program.err().find("unknown option '--no-such-flag'") != std::string::npos);
  }
}

TEST_CASE("global options may stand before or after the command") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--format", "json", "-j", "7", "ping", "h"},
           {"ping", "--format=json", "h", "--jobs=7"},
           {"ping", "h", "-j7", "--format", "table", "--format", "json"}}) { // the last one counts
    Program program;
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.out().starts_with("{\n"));
    CHECK(program.session.jobs == 7);
  }
}

TEST_CASE("two hyphens end the options") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"ping", "--", "h"},
                                             {"ping", "-q", "--", "h"},
                                             {"ping", "h", "--"},
                                             {"--", "ping", "h"}}) {
    Program program;
    CHECK(program.run(words) == ExitCode::ok);
    CHECK(program.calls == std::vector<std::string>{"ping h"});
  }
  Program program;
  CHECK(program.run({"push", "--", "-q.tar", "h/a"}) == ExitCode::ok);
  CHECK(program.calls.back().starts_with("copy docker-archive:-q.tar "));
  CHECK(program.run({"ping", "--", "h", "--quiet"}) == ExitCode::usage);
  CHECK(program.run({"ping", "--", "h", "--"}) ==
        ExitCode::usage); // one ends them, a second is a word
}

TEST_CASE("options are passed to the session") {
  Program program;
  CHECK(program.run({"ping", "h", "--retry", "0", "--timeout", "7", "--connect-timeout", "8",
                     "--api", "v1", "--insecure", "--plain-http", "--ca-file", "ca.pem",
                     "--client-cert", "c.pem", "--client-key", "k.pem"}) == ExitCode::ok);
  const auto& session = program.session;
  CHECK(session.client.retries == 0);
  CHECK(session.client.unreachable_retries == 0);
  CHECK(session.client.stall_timeout == std::chrono::seconds(7));
  CHECK(session.client.connect_timeout == std::chrono::seconds(8));
  CHECK(session.client.user_agent.starts_with("regctl/"));
  CHECK(session.api == regctl::ops::Api::v1);
  const auto settings = session.settings.for_host("h");
  CHECK(settings.insecure);
  CHECK(settings.plain_http);
  CHECK(settings.ca_file == "ca.pem");
  CHECK(settings.client_cert == "c.pem");
  CHECK(settings.client_key == "k.pem");
  CHECK_FALSE(session.credentials.from_flags);
  CHECK_FALSE(session.client.debug);
  CHECK_FALSE(session.credentials.note);

  program.run({"ping", "h", "--retry", "9"});
  CHECK(program.session.client.unreachable_retries == 9);
  program.run({"ping", "h", "--verbose"});
  CHECK(program.session.client.unreachable_retries < program.session.client.retries);
  CHECK(program.session.credentials.note);
  program.run({"ping", "h", "--debug"});
  CHECK(program.session.client.debug);
  CHECK(program.run({"ping", "h", "--config", "/nonexistent/file"}) != ExitCode::ok);
}

TEST_CASE("a command's name is an argument where one is expected") {
  Program program;
  CHECK(program.run({"search", "h", "images"}) == ExitCode::ok);
  CHECK(program.calls == std::vector<std::string>{"search h 'images'"});
  CHECK(program.run({"layer", "get", "h/ls", "ls"}) == ExitCode::ok);
  CHECK(program.calls == std::vector<std::string>{"get docker://docker.io/h/ls ls"});
  CHECK(program.run({"ping", "[::1]"}) == ExitCode::ok); // not a list of CLI11's
  CHECK(program.calls == std::vector<std::string>{"ping [::1]"});
}

TEST_CASE("--config behind inspect asks for the image's config, before it names a file") {
  Program program;
  program.prepare_verbs([](FakeVerbs& verbs) {
    verbs.details.chain.resize(1);
    verbs.details.chain.front().image.json = "{}";
  });
  CHECK(program.run({"inspect", "--config", "h:5000/app:1"}) == ExitCode::ok);
  CHECK(program.out() == "{}");
  CHECK(program.calls == std::vector<std::string>{"inspect docker://h:5000/app:1"});
  CHECK(program.run({"--config", "/nonexistent/file", "inspect", "h:5000/app:1"}) ==
        ExitCode::not_found);
  CHECK(program.calls.empty());
}

TEST_CASE("aliases are the commands they stand for") {
  Program program;
  CHECK(program.run({"blob", "head", "h.x/app"}) == ExitCode::not_found);
  CHECK(program.calls == std::vector<std::string>{"find blob docker://h.x/app"});
  for (const char* name : {"tags", "tag-list", "ls"}) {
    CHECK(program.run({name, "h.x/app"}) == ExitCode::ok);
    CHECK(program.calls == std::vector<std::string>{"tags docker://h.x/app"});
  }
}

TEST_SUITE_END();
