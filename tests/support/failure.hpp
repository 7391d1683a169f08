// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <utility>

namespace regctl::test {

/// The Error that `body` throws; a failed test if it throws none.
template <class Body> Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  FAIL("it was taken");
  return {ErrorKind::usage, ""};
}

/// The kind of the Error that `body` throws; a failed test if it throws none.
template <class Body> ErrorKind failure(Body&& body) {
  return error_of(std::forward<Body>(body)).kind();
}

} // namespace regctl::test
