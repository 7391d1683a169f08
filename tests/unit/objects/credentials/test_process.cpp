// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/process.hpp"
#include "unit/objects/credentials/aws_user.hpp"

#include <vector>

using namespace regctl;
using objects::run_credential_process;
using objects::split_command;

TEST_SUITE_BEGIN("objects/credentials/process");

TEST_CASE("a command is split as a shell would") {
  using Words = std::vector<std::string>;
  CHECK(split_command("") == Words{});
  CHECK(split_command(" \t ") == Words{});
  CHECK(split_command(" /bin/a  -b\tc ") == Words{"/bin/a", "-b", "c"});
  CHECK(split_command(R"("/opt/my tool" 'a "b"' "c 'd'")") ==
        Words{"/opt/my tool", "a \"b\"", "c 'd'"});
  CHECK(split_command(R"(a\ b "c\"d\\e\f" 'g\')") == Words{"a b", "c\"d\\e\\f", "g\\"});
  CHECK(split_command(R"(a"b"'c' "" '')") == Words{"abc", "", ""});
  CHECK(split_command("$HOME *; a > b") == Words{"$HOME", "*;", "a", ">", "b"});
  CHECK(split_command("end\\") == Words{"end\\"});
  CHECK(split_command("a\nb") == Words{"a", "b"}); // a value of several lines
  for (const char* text : {"a 'b", "a \"b", "\"a\\\""}) {
    CAPTURE(text);
    CHECK(test::failure([&] { split_command(text); }) == ErrorKind::usage);
  }
}

TEST_CASE("the program prints a key") {
  const auto command = "echo '" + test::json_key("ASIA", "SessionToken") + "'";
  const auto found = run_credential_process(command, "profile 'dev'");
  test::check_temporary(found, "ASIA");
  CHECK(found.origin == "credential_process of profile 'dev'");
}

TEST_CASE("a program that gives no key is named, and its output not quoted") {
  struct Row {
    const char* command;
    ErrorKind kind;
    const char* message;
  };
  const Row rows[] = {
      {"", ErrorKind::usage, "names no program"},
      {"'' a", ErrorKind::usage, "names no program"},
      {"/no/such/program", ErrorKind::denied,
       ": cannot run /no/such/program: No such file or directory"},
      {"sh -c 'echo hunter2; exit 3'", ErrorKind::denied, "ended with 3"},
      {"echo hunter2", ErrorKind::protocol, "prints no JSON object with \"Version\": 1"},
      {"echo '{\"Version\": 2, \"AccessKeyId\": \"hunter2\"}'", ErrorKind::protocol,
       "prints no JSON object with \"Version\": 1"},
      {"echo '{\"Version\": 1, \"AccessKeyId\": \"hunter2\"}'", ErrorKind::protocol,
       ".SecretAccessKey is missing"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.command);
    const auto error =
        test::error_of([&] { run_credential_process(row.command, "profile 'dev'"); });
    CHECK(error.kind() == row.kind);
    CHECK(error.message().starts_with("credential_process of profile 'dev'"));
    CHECK(error.message().ends_with(row.message));
    CHECK(error.message().find("hunter2") == std::string::npos);
  }
}

TEST_SUITE_END();
