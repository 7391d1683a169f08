// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::test;
using objects::Bucket;

TEST_SUITE_BEGIN("objects/bucket_conditions");

TEST_CASE_FIXTURE(BucketFixture, "a second attempt at finding out about conditions tells no less") {
  // The first object is written; what answers the second attempt at it is that it is there.
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}, {412, refusal("PreconditionFailed")}});
  server.on("HEAD /b/k", {head(4)});
  server.on("GET /b/k", {{200, "text"}});
  CHECK(bucket().put_if_absent("k", "text"));
  CHECK_FALSE(bucket().put_if_absent("k", "text"));
  CHECK(server.seen().size() == 3);
}

TEST_CASE_FIXTURE(BucketFixture,
                  "an object that is there is not written on condition that it is not") {
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}, {412, refusal("PreconditionFailed")}});
  CHECK(bucket().put("k", "a", Bucket::Condition::absent) == "1");
  CHECK(!bucket().put("k", "b", Bucket::Condition::absent));
  CHECK(server.seen().at(0).headers.find("If-None-Match") == "*");
}

TEST_CASE_FIXTURE(BucketFixture, "what keeps out a second attempt may be the work of the first") {
  const Reply other_region = {400,
                              refusal("AuthorizationHeaderMalformed", "<Region>eu-1</Region>")};
  server.on(
      "HEAD /b/k",
      {{200, "", {{"Content-Length", "4"}, {"ETag", "\"1\""}, {"Last-Modified", k_now_text}}}});
  for (const auto& [there, is_ours] : {std::pair("ours", true), std::pair("them", false)}) {
    options.region = "us-1";
    opened.reset();
    server.on("PUT /b/k", {other_region, {412, refusal("PreconditionFailed")}});
    server.on("GET /b/k", {{200, there}});
    CHECK(bucket().put("k", "ours", Bucket::Condition::absent).has_value() == is_ours);
    CHECK_FALSE(bucket().put("k", "ours", Bucket::Condition::absent)); // the first attempt
  }
}

TEST_SUITE_END();
