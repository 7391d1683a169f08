// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/program.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

namespace {

/// The error of a command that does not end as it should.
Error failure(const std::vector<std::string>& command) {
  try {
    run_program(command);
  } catch (const Error& error) {
    return error;
  }
  FAIL("it was run");
  return {ErrorKind::usage, ""};
}

} // namespace

TEST_SUITE_BEGIN("base/program");

TEST_CASE("words are arguments as they are, and no shell looks at them") {
  CHECK(run_program({"printf", "%s|", "a b", "$HOME", "*", ""}).output == "a b|$HOME|*||");
}

TEST_CASE("the input is read to its end, whatever its size") {
  const std::string input(300'000, 'x');
  CHECK(run_program({"cat"}, input).output == input);
  CHECK(run_program({"cat"}).output.empty());
}

TEST_CASE("the way a program ends is its exit code") {
  CHECK(run_program({"true"}).exit_code == 0);
  CHECK(run_program({"sh", "-c", "echo why; exit 3"}).exit_code == 3);
  CHECK(run_program({"sh", "-c", "echo why; exit 3"}).output == "why\n");
  CHECK(run_program({"sh", "-c", "kill -9 $$"}).exit_code == -1);
}

TEST_CASE("a program that does not read its input is no error") {
  CHECK(run_program({"true"}, std::string(300'000, 'x')).exit_code == 0);
}

TEST_CASE("an interruption ends the program") {
  install_interrupt_handlers();
  interrupt();
  CHECK_THROWS_AS(run_program({"sleep", "1000"}), Error);
  reset_interrupt();
}

TEST_CASE("a program that cannot be run is named") {
  const auto missing = failure({"/no/such/program"});
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK(missing.message() == "cannot run /no/such/program: No such file or directory");
  CHECK(failure({"/"}).kind() == ErrorKind::local_io);
}

TEST_CASE("an output that has no end is cut, and its program ended") {
  const auto error = failure({"sh", "-c", "exec yes 2>/dev/null"});
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message().starts_with("the output of sh is larger than"));
}

TEST_SUITE_END();
