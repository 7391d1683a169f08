// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace regctl::cli;
using namespace regctl::test;

namespace {

/// What bash offers for the words, the last of which is being written.
std::string complete(const std::string& words) {
  const TemporaryFolder folder; // has nothing but what is to be offered
  const TemporaryFolder scripts;
  const auto in = [](const TemporaryFolder& where) { return "'" + where.path().string() + "'"; };
  const CommandLine line;
  std::ofstream(scripts / "script") << bash_completion(line.manual());
  std::ofstream(folder / "a file");
  std::filesystem::create_directory(folder / "a folder");
  std::ofstream(scripts / "test") << "set -u; . " << in(scripts) << "/script\nCOMP_WORDS=(" << words
                                  << "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                     "_regctl; printf '%s\\n' \"${COMPREPLY[@]-}\" > "
                                  << in(scripts) << "/result\n";
  const auto command = "cd " + in(folder) + " && bash " + in(scripts) + "/test";
  REQUIRE(std::system(command.c_str()) == 0); // NOLINT(cert-env33-c): our own words
  return regctl::read_file(scripts / "result", 100'000);
}

} // namespace

TEST_SUITE_BEGIN("cli/completion");

TEST_CASE("bash completes commands, options, choices and files") {
  struct Row {
    std::string words;
    std::string offers;
  };
  const Row rows[] = {
      {"regctl pu", "pull\npush\n"},
      {"regctl tag", "tags\ntag-list\ntag\n"},
      {"regctl layer ''", "ls\nget\nfiles\nput\n"},
      {"regctl layer get --ou", "--output\n"},
      {"regctl pull --all", "--all-tags\n"},
      {"regctl pull --qu", "--quiet\n"},
      {"regctl --format json pull --all", "--all-tags\n"},
      {"regctl -j 4 pu", "pull\npush\n"},
      {"regctl pull --format ''", "table\njson\n"},
      {"regctl pull --format j", "json\n"},
      {"regctl pull --format = j", "json\n"}, // as bash splits --format=j
      {"regctl pull --format =", "table\njson\n"},
      {"regctl completion ''", "bash\nzsh\nfish\n"},
      {"regctl properties h/a --access p", "public\nprivate\n"},
      {"regctl help pus", "push\n"},
      {"regctl cp --all", "--all-tags\n"},
      {"regctl push a", "a file\na folder\n"},
      {"regctl --ca-file a", "a file\na folder\n"},
      {"regctl --jobs ''", "\n"},
      {"regctl nonsense --qui", "--quiet\n"},
      {"regctl push docker-archive : a",
       "a file\na folder\n"}, // as bash splits it, where a colon does
      {"regctl push docker-archive :", "a file\na folder\n"},
      {"regctl push docker-archive:a", "docker-archive:a file\ndocker-archive:a folder\n"},
      {"regctl audit v1-storage:a", "v1-storage:a folder\n"},
      {"regctl audit v1-storage : a", "a folder\n"},
      {"regctl audit v1-storage :", "a folder\n"},
      {"regctl copy oci:a", "oci:a folder\n"},
      {"regctl copy oci : a", "a folder\n"},
      {"regctl copy v2-storage :", "a folder\n"},
      {"regctl copy oci-archive:a", "oci-archive:a file\noci-archive:a folder\n"},
      {"regctl manifest ''", "get\nput\n"},
      {"regctl manifest put h:5000/app a", "a file\na folder\n"},
      {"regctl gc a", "a folder\n"},
      {"regctl serve --storage a", "a folder\n"},
      {"regctl ping a", "\n"}, // where a host is wanted
      {"regctl search a", "\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    CHECK(complete(row.words) == row.offers);
  }
}

TEST_CASE("every command and every flag is in every shell's script") {
  const CommandLine line;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const auto script = completion_script(shell, line.manual());
    for (const auto& group : line.manual().groups) {
      for (const auto& command : group.commands) {
        const auto name = command.text.name.substr(command.text.name.rfind(' ') + 1);
        CHECK(script.find(name) != std::string::npos);
        for (const auto& flag : command.flags) {
          CHECK(script.find(flag.names.back().substr(2)) != std::string::npos);
        }
      }
    }
    for (const auto& flag : line.manual().global_flags) {
      CHECK(script.find(flag.names.back().substr(2)) != std::string::npos);
    }
  }
}

TEST_CASE("no completion takes an option's value for the command") {
  const CommandLine line;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const auto script = completion_script(shell, line.manual());
    const auto skips =
        script.find(shell == std::string("fish") ? "\n        set skip 1\n" : ") skip=1 ;;\n");
    const auto begin = script.rfind('\n', skips - 1) + 1;
    const auto flags = script.substr(begin, skips - begin);
    for (const char* flag : {"--format", "-j", "--jobs", "-u", "--username", "--ca-file"}) {
      CHECK(flags.find(flag) != std::string::npos);
    }
    CHECK(flags.find("--quiet") == std::string::npos);
  }
}

TEST_CASE("files are completed after a place's scheme, and not where a host is expected") {
  const CommandLine line;
  const auto zsh = zsh_completion(line.manual());
  CHECK(zsh.find("compset -P '(docker-archive|oci-archive):'\n  _files\n") != std::string::npos);
  CHECK(zsh.find("compset -P '(v1-storage|v2-storage|oci):'\n  _files -/\n") != std::string::npos);
  const auto ping = zsh.find("    'ping')\n");
  CHECK(zsh.substr(ping, zsh.find(";;", ping) - ping).find("places='*: : '") != std::string::npos);
  const auto fish = fish_completion(line.manual());
  CHECK(fish.find("complete -c regctl -n \"__regctl_is 'ping'\" -f\n") != std::string::npos);
  CHECK(fish.find("complete -c regctl -n \"__regctl_is 'push'\" -f\n") == std::string::npos);
}

TEST_CASE("completion prints a script for each known shell") {
  Program program;
  CHECK(program.run({"completion", "bash"}) == ExitCode::ok);
  CHECK(program.out().ends_with("complete -F _regctl regctl\n"));
  CHECK(program.run({"completion", "zsh"}) == ExitCode::ok);
  CHECK(program.out().starts_with("#compdef regctl\n"));
  CHECK(program.run({"completion", "fish"}) == ExitCode::ok);
  CHECK(program.run({"completion", "tcsh"}) == ExitCode::usage);
}

TEST_SUITE_END();
