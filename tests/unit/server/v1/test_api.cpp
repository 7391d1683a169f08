// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "server/v1/api.hpp"
#include "server/v1/service.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace regctl;
using namespace regctl::server;
using namespace regctl::test;

namespace {

/// The API over a tree in a bucket.
struct Fixture {
  Fixture() {
    server.guard = [](const SeenRequest&) { return Reply{200, "<ListBucketResult/>"}; };
    service.storage = V1Storage::open(
        objects::open_bucket_tree(
            std::make_shared<objects::Bucket>(server, bucket_options("http://minio:9000")), "r"),
        V1Storage::Missing::create);
    service.complain = [this](const std::string& text) { complaints += text + "\n"; };
  }

  /// The answer to a request for which the bucket gives this one.
  Response explain(const Reply& reply) {
    complaints.clear();
    server.guard = [reply](const SeenRequest&) { return reply; };
    return api.explain(
        error_of([&] { static_cast<void>(service.storage->image_json(std::string(64, 'a'))); }));
  }

  FakeServer server{"http://minio:9000"};
  Service service;
  V1Api api{service};
  std::string complaints;
};

Reply refusal(int status, const std::string& code) {
  return {status, "<Error><Code>" + code + "</Code></Error>"};
}

} // namespace

TEST_SUITE("server/v1/api") {
  TEST_CASE_FIXTURE(Fixture, "what the bucket refuses is told to the operator alone") {
    struct Row {
      int status;
      const char* code;
      int expected;
    };
    const Row rows[] = {
        {403, "AccessDenied", 500}, {403, "InvalidAccessKeyId", 500}, {400, "ExpiredToken", 500},
        {404, "NoSuchBucket", 500}, {403, "InvalidObjectState", 500}, {503, "SlowDown", 503},
    };
    for (const auto& row : rows) {
      CAPTURE(row.code);
      const auto response = explain(refusal(row.status, row.code));
      CHECK(response.status == row.expected);
      CHECK(response.text.find("s3://") == std::string::npos);
      CHECK(response.text.find(row.code) == std::string::npos);
      CHECK(complaints.find(row.code) != std::string::npos);
      CHECK(complaints.find("s3://b") != std::string::npos);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "a bucket that cannot be reached is 503, and the operator is told") {
    const auto response = explain(no_answer());
    CHECK(response.status == 503);
    CHECK(response.text.find("nobody answers") == std::string::npos);
    CHECK(complaints.find("nobody answers") != std::string::npos);
    CHECK(complaints.find("s3://b") != std::string::npos);
    REQUIRE_FALSE(response.headers.empty());
    CHECK(response.headers.back().name == "Retry-After");
  }

  TEST_CASE_FIXTURE(Fixture, "what is not about the storage is told to the client alone") {
    struct Row {
      ErrorKind kind;
      int expected;
    };
    const Row rows[] = {{ErrorKind::usage, 400},
                        {ErrorKind::not_found, 404},
                        {ErrorKind::unsupported, 501},
                        {ErrorKind::unavailable, 503}};
    for (const auto& row : rows) {
      const auto response = api.explain(Error(row.kind, "the text"));
      CHECK(response.status == row.expected);
      CHECK(response.text.find("the text") != std::string::npos);
    }
    CHECK(complaints.empty());
    CHECK(api.explain(Error(ErrorKind::usage, "'s3://b' is no tag")).status == 400);
  }
}
