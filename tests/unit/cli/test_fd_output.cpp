// SPDX-License-Identifier: Apache-2.0
#include "cli/fd_output.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

using regctl::Error;
using regctl::ErrorKind;
using regctl::FileDescriptor;
using regctl::cli::FdOutput;
using regctl::cli::ReaderGone;

TEST_SUITE_BEGIN("cli/fd_output");

TEST_CASE("all output arrives in order, however it is written") {
  auto file = regctl::make_temporary_file();
  std::string expected;
  {
    FdOutput out(file.get(), "the test");
    for (int i = 0; i < 20'000; ++i) {
      out << i << '\n';
      expected += std::to_string(i) + "\n";
    }
    out.flush();
  }
  std::string text(expected.size() + 1, '\0');
  const auto n = ::pread(file.get(), text.data(), text.size(), 0);
  CHECK(n == static_cast<ssize_t>(expected.size()));
  text.resize(expected.size());
  CHECK(text == expected);
}

TEST_CASE("a full disk is an error with its reason") {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  FdOutput out(full.get(), "standard output");
  out << "text";
  try {
    out.flush();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(error.message() == "cannot write standard output: No space left on device");
  }
  out.clear();
  CHECK_NOTHROW(out << "more" << std::flush); // told once
}

TEST_CASE("a closed pipe throws ReaderGone and no error") {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor writer(ends[1]);
  ::close(ends[0]);
  FdOutput out(writer.get(), "standard output");
  out << "text";
  CHECK_THROWS_AS(out.flush(), ReaderGone);
}

TEST_SUITE_END();
