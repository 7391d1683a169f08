// SPDX-License-Identifier: Apache-2.0
#include "cli/fd_output.hpp"
#include "unit/cli/program.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

using regctl::Error;
using regctl::ErrorKind;
using regctl::cli::ExitCode;
using namespace regctl::test;

namespace {

template <class E> void fail_with(Program& program, E error) {
  program.prepare = [error](FakeVerbs& verbs, regctl::ops::Progress&) {
    verbs.failure = std::make_exception_ptr(error);
  };
}

} // namespace

TEST_SUITE_BEGIN("cli/run");

TEST_CASE("each mistake in a file is one printed line, whatever it contains") {
  Program program;
  fail_with(program, Error(ErrorKind::usage,
                           "f has 2 mistakes\n  line 1: 'a\nb\x1b'\n  line 2: 'c'", "see f"));
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::usage);
  CHECK(program.err() == "regctl: error: f has 2 mistakes\n"
                         "  line 1: 'a\\nb\\x1b'\n"
                         "  line 2: 'c'\n"
                         "hint: see f\n");
  Program other;
  fail_with(other, Error(ErrorKind::protocol, "it says 'a\n  b'", "no"));
  CHECK(other.run({"ping", "localhost:5000"}) == ExitCode::protocol);
  CHECK(other.err() == "regctl: error: it says 'a\\n  b'\nhint: no\n");
}

TEST_CASE("an error is a sentence, its frames and a hint, only on stderr") {
  Program program;
  Error error(ErrorKind::integrity, "layer \x1b[2Jof \"a\" is wrong", "pull it again");
  error.add_frame("reading layer 3 of 7");
  error.add_frame("copying a\nto b");
  fail_with(program, error);
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::integrity);
  CHECK(program.out().empty());
  CHECK(program.err() == "regctl: error: layer \\x1b[2Jof \"a\" is wrong\n"
                         "  while reading layer 3 of 7\n"
                         "  while copying a\\nto b\n"
                         "hint: pull it again\n");
}

TEST_CASE("colour is used only on terminals that allow it") {
  struct Row {
    bool is_terminal;
    std::string term;
    std::string no_color;
    bool is_red;
  };
  const Row rows[] = {
      {true, "xterm", "", true},
      {true, "xterm", "1", false},
      {true, "dumb", "", false},
      {false, "xterm", "", false},
  };
  for (const auto& row : rows) {
    Program program;
    program.err_is_terminal = row.is_terminal;
    program.environment = {{"TERM", row.term}, {"NO_COLOR", row.no_color}};
    program.run({"nonsense"});
    CHECK((program.err().find('\x1b') != std::string::npos) == row.is_red);
  }
}

TEST_CASE("interruption has a short message and exit code 130") {
  Program program;
  fail_with(program, Error(ErrorKind::interrupted, "interrupted"));
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::interrupted);
  CHECK(program.err() == "regctl: interrupted\n");
}

TEST_CASE("an exception that is not an Error is reported as a bug") {
  Program program;
  fail_with(program, std::runtime_error("oops"));
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::failed);
  CHECK(program.err().find("this is a bug in regctl: oops") != std::string::npos);
  fail_with(program, 42);
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::failed);
  CHECK(program.err() == "regctl: error: this is a bug in regctl\n");
}

TEST_CASE("with --format json an error is one line of JSON, even without a valid command") {
  struct Row {
    Words words;
    bool is_json;
  };
  const Row rows[] = {
      {{"ping", "h", "--format", "json"}, true},
      {{"--format=json", "nonsense"}, true},
      {{"ping", "h", "--format", "table", "--format", "json"}, true},
      {{"ping", "h", "--format", "json", "--format=table"}, false},
      {{"nonsense", "--", "--format", "json"}, false},
      {{"nonsense", "--format"}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words.front());
    Program program;
    fail_with(program, Error(ErrorKind::denied, "no\x1b entry"));
    program.run(row.words);
    CHECK(program.err().starts_with("{\"error\":{") == row.is_json);
    CHECK(program.err().find('\x1b') == std::string::npos);
  }
  Program program;
  Error error(ErrorKind::interrupted, "interrupted");
  error.add_frame("copying a to b");
  fail_with(program, error);
  CHECK(program.run({"ping", "h", "--format", "json"}) == ExitCode::interrupted);
  CHECK(program.err() ==
        "{\"error\":{\"kind\":\"interrupted\",\"message\":\"interrupted\",\"hint\":null},"
        "\"while\":[\"copying a to b\"]}\n");
  Program broken;
  fail_with(broken, std::runtime_error("oops"));
  CHECK(broken.run({"ping", "h", "--format", "json"}) == ExitCode::failed);
  CHECK(broken.err().starts_with("{\"error\":{\"kind\":\"bug\""));
  fail_with(broken, std::bad_alloc());
  CHECK(broken.run({"ping", "h", "--format", "json"}) == ExitCode::local_io);
  CHECK(broken.err().starts_with(
      "{\"error\":{\"kind\":\"local_io\",\"message\":\"memory is short\""));
}

TEST_CASE("a lack of memory or threads is not reported as a bug") {
  Program program;
  fail_with(program, std::bad_alloc());
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::local_io);
  CHECK(program.err().starts_with("regctl: error: memory is short\nhint: "));
  fail_with(program, std::system_error(EAGAIN, std::generic_category()));
  CHECK(program.run({"ping", "localhost:5000"}) == ExitCode::local_io);
  CHECK(program.err().starts_with("regctl: error: no more threads can be started\n"));
}

TEST_CASE("a listing whose reader closed the pipe is a success") {
  Program program;
  fail_with(program, regctl::cli::ReaderGone());
  CHECK(program.run({"tags", "localhost:5000/app"}) == ExitCode::ok);
  CHECK(program.err().empty());
}

TEST_CASE("a full disk noticed at the final flush is an error") {
  Program program;
  const regctl::FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  regctl::cli::FdOutput out(full.get(), "standard output");
  auto console = program.make_console(out);
  const auto code = regctl::cli::run({"version"}, console, {});
  CHECK(code == ExitCode::local_io);
  CHECK(program.err().starts_with(
      "regctl: error: cannot write standard output: No space left on device\n"));
}

TEST_CASE("a usage error without a hint points to the help") {
  Program program;
  CHECK(program.run({"rm", "localhost:5000/app:1", "--repository"}) == ExitCode::usage);
  CHECK(program.err().find("hint: leave out the tag") != std::string::npos);
  CHECK(program.run({"layer", "get"}) == ExitCode::usage);
  CHECK(program.err() == "regctl: error: IMAGE is missing\nhint: see regctl layer get --help\n");
}

TEST_SUITE_END();
