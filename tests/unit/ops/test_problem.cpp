// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/problem.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace regctl;
using namespace regctl::ops;

TEST_SUITE_BEGIN("ops/problem");

TEST_CASE("an exception that is not an Error is a bug") {
  const auto failure = explain(std::make_exception_ptr(std::runtime_error("oh")));
  CHECK(!failure.kind);
  CHECK(to_string(failure.kind) == "bug");
  CHECK(failure.message.find("oh") != std::string::npos);
}

TEST_CASE("an image is damaged where it is broken or gone, not where it cannot be asked for") {
  for (const auto kind : {ErrorKind::integrity, ErrorKind::protocol, ErrorKind::not_found}) {
    CHECK(is_damage(kind));
  }
  for (const auto kind : {ErrorKind::unavailable, ErrorKind::denied, ErrorKind::interrupted}) {
    CHECK(!is_damage(kind));
  }
}

TEST_SUITE_END();
