// SPDX-License-Identifier: Apache-2.0
#include "ops/places/pairing.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::ops;

TEST_SUITE_BEGIN("ops/places/pairing");

TEST_CASE("a tag has one difference at most, and an unreadable one is never equal") {
  const auto none = std::nullopt;
  struct Row {
    PairedTag tag;
    std::optional<Difference> difference;
  };
  const Row rows[] = {
      {{true, true, "x", "x"}, none},
      {{true, true, "x", "y"}, Difference::different},
      {{true, false, "x", none}, Difference::missing},
      {{false, true, none, "x"}, Difference::extra},
      {{true, true, none, "x"}, Difference::unreadable},
      {{true, true, "x", none}, Difference::unreadable},
      {{true, true, none, none}, Difference::unreadable},
      {{true, false, none, none}, Difference::unreadable},
      {{false, true, none, none}, Difference::unreadable},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tag.is_at_a);
    CAPTURE(row.tag.is_at_b);
    CHECK(find_difference(row.tag) == row.difference);
  }
}

TEST_CASE("problems have one cause as long as they are of one kind") {
  const auto unavailable = std::make_exception_ptr(Error(ErrorKind::unavailable, "one"));
  Problems problems;
  CHECK(problems.number == 0);
  problems.add(unavailable);
  problems.add(std::make_exception_ptr(Error(ErrorKind::unavailable, "two")));
  CHECK(problems.have_one_cause);
  problems.add(std::make_exception_ptr(Error(ErrorKind::denied, "three")));
  CHECK_FALSE(problems.have_one_cause);
  CHECK(problems.number == 3);
  CHECK(problems.first == unavailable);
}

TEST_SUITE_END();
