// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"

#include <regctl/base/error.hpp>
#include <regctl/objects/buckets.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;

TEST_SUITE("objects/buckets") {
  TEST_CASE("the path of a bucket has its name, and a prefix without slashes at its ends") {
    const auto check = [](const std::string& text, const std::string& bucket,
                          const std::string& prefix, const std::string& printed) {
      CAPTURE(text);
      const auto path = BucketPath::parse(text);
      CHECK(path.bucket == bucket);
      CHECK(path.prefix == prefix);
      CHECK(path.to_string() == printed);
    };
    check("s3://b", "b", "", "s3://b");
    check("s3://b/", "b", "", "s3://b");
    check("s3://b/registry", "b", "registry", "s3://b/registry");
    check("s3://b//a/b/", "b", "a/b", "s3://b/a/b");
  }

  TEST_CASE("a text of another form is refused") {
    for (const auto* text : {"", "s3:", "s3://", "s3:///registry", "b/registry", "/srv"}) {
      CAPTURE(text);
      CHECK(failure([&] { BucketPath::parse(text); }) == ErrorKind::usage);
    }
  }
}
