// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

namespace regctl::test {

/// The kind of the Error that `body` throws; a failed test if it throws none.
template <class Body> ErrorKind failure(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("it was taken");
  return {};
}

} // namespace regctl::test
