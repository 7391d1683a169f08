// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "support/temporary_folder.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

using namespace regctl::cli;
using regctl::test::Program;
using regctl::test::TemporaryFolder;

namespace {

/// What bash offers for the words, the last of which is being written.
std::string complete(const std::string& words) {
  TemporaryFolder folder;
  const CommandLine line;
  std::ofstream(folder / "script") << bash_completion(line.manual());
  std::ofstream(folder / "a file");
  std::ofstream(folder / "test") << "set -u; . ./script\n"
                                    "COMP_WORDS=("
                                 << words
                                 << "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                    "_regctl; printf '%s\\n' \"${COMPREPLY[@]-}\" > result\n";
  const auto command = "cd '" + folder.path().string() + "' && bash ./test";
  REQUIRE(std::system(command.c_str()) == 0); // NOLINT(cert-env33-c): our own words
  return regctl::read_file(folder / "result", 100'000);
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
      {"regctl push a", "a file\n"},
      {"regctl --ca-file a", "a file\n"},
      {"regctl --jobs ''", "\n"},
      {"regctl nonsense --qui", "--quiet\n"},
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

TEST_CASE("completion prints the script and knows its shells") {
  Program program;
  CHECK(program.run({"completion", "bash"}) == ExitCode::ok);
  CHECK(program.out().ends_with("complete -F _regctl regctl\n"));
  CHECK(program.run({"completion", "zsh"}) == ExitCode::ok);
  CHECK(program.out().starts_with("#compdef regctl\n"));
  CHECK(program.run({"completion", "fish"}) == ExitCode::ok);
  CHECK(program.run({"completion", "tcsh"}) == ExitCode::usage);
}

TEST_SUITE_END();
