// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/secret.hpp>

#include <doctest/doctest.h>

using regctl::http::basic_authorization;
using regctl::http::Secret;

TEST_SUITE_BEGIN("http/secret");

TEST_CASE("Basic holds user and password, also without a user") {
  CHECK(basic_authorization("Aladdin", Secret("open sesame")).reveal() ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(basic_authorization("", Secret()).reveal() == "Basic Og==");
}

TEST_SUITE_END();
