// SPDX-License-Identifier: Apache-2.0
#include "ops/transfer/second_attempt.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace regctl;
using ops::ReadAttempt;

namespace {

/// Fails at each attempt with the next of `errors`, and then returns how many there were.
class Attempts {
public:
  explicit Attempts(std::vector<Error> errors) : errors_(std::move(errors)) {}

  std::size_t run(bool may_repeat = true) {
    return ops::run_twice_if_damaged(
        [&](ReadAttempt attempt) {
          seen.push_back(attempt);
          if (seen.size() <= errors_.size()) {
            throw errors_[seen.size() - 1];
          }
          return seen.size();
        },
        [&] {
          ++asked;
          return may_repeat;
        });
  }

  std::vector<ReadAttempt> seen;
  int asked = 0;

private:
  std::vector<Error> errors_;
};

std::string error_of(Attempts& attempts, bool may_repeat = true) {
  try {
    attempts.run(may_repeat);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

} // namespace

TEST_SUITE_BEGIN("ops/transfer/second_attempt");

TEST_CASE("an attempt that succeeds is the only one") {
  Attempts attempts({});
  CHECK(attempts.run() == 1);
  CHECK(attempts.asked == 0);
}

TEST_CASE("a damaged object is read once more") {
  Attempts attempts({Error(ErrorKind::integrity, "damaged")});
  CHECK(attempts.run() == 2);
  CHECK(attempts.seen == std::vector{ReadAttempt::first, ReadAttempt::second});
  CHECK(attempts.asked == 1);
}

TEST_CASE("an object that stays damaged ends with the second error") {
  Attempts attempts({Error(ErrorKind::integrity, "one"), Error(ErrorKind::integrity, "two")});
  CHECK(error_of(attempts) == "two");
  CHECK(attempts.seen.size() == 2);
}

TEST_CASE("without a second attempt the first error is thrown") {
  Attempts attempts({Error(ErrorKind::integrity, "one")});
  CHECK(error_of(attempts, false) == "one");
  CHECK(attempts.seen.size() == 1);
}

TEST_CASE("other errors are no reason to repeat") {
  Attempts attempts({Error(ErrorKind::unavailable, "away")});
  CHECK(error_of(attempts) == "away");
  CHECK(attempts.asked == 0);
}

TEST_SUITE_END();
