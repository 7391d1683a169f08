// SPDX-License-Identifier: Apache-2.0
#include <regctl/cli/exit_code.hpp>

#include <doctest/doctest.h>

using regctl::ErrorKind;

TEST_SUITE_BEGIN("cli/exit_code");

TEST_CASE("exit codes have their documented numbers") {
  struct Row {
    ErrorKind kind;
    int code;
  };
  const Row rows[] = {
      {ErrorKind::usage, 2},       {ErrorKind::not_found, 3},   {ErrorKind::denied, 4},
      {ErrorKind::unavailable, 5}, {ErrorKind::protocol, 6},    {ErrorKind::integrity, 7},
      {ErrorKind::local_io, 8},    {ErrorKind::unsupported, 9}, {ErrorKind::interrupted, 130},
  };
  for (const auto& row : rows) {
    CHECK(static_cast<int>(regctl::cli::exit_code_of(row.kind)) == row.code);
  }
}

TEST_SUITE_END();
