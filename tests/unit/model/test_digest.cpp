// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/digest.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

TEST_SUITE_BEGIN("model/digest");

TEST_CASE("a digest is its kind and 64 lower-case hex digits") {
  const std::string hex(64, 'a');
  CHECK(to_digest(hex) == "sha256:" + hex);
  CHECK(is_digest("sha256:" + hex));
  CHECK(digits_of("sha256:" + hex) == hex);
  for (const auto& text :
       {hex, "sha256:" + hex + "a", "sha256:" + hex.substr(1), "SHA256:" + hex, "sha512:" + hex,
        "sha256:" + std::string(64, 'A'), "sha256:" + std::string(64, 'g'), std::string("sha256:"),
        std::string()}) {
    CAPTURE(text);
    CHECK_FALSE(is_digest(text));
  }
}

TEST_SUITE_END();
