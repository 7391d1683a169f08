// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::test;

TEST_SUITE_BEGIN("objects/bucket_answers");

TEST_CASE_FIXTURE(BucketFixture, "the region that the server names is taken, once and for all") {
  server.on("GET /b/k", {{400, refusal("AuthorizationHeaderMalformed", "<Region>eu-1</Region>")},
                         {200, "text"}});
  CHECK(bucket().read("k", 100) == "text");
  CHECK(bucket().read("k", 100) == "text");
  const auto seen = server.seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].authorization.find("/us-east-1/s3/") != std::string::npos);
  CHECK(seen[1].authorization.find("/eu-1/s3/") != std::string::npos);
  CHECK(seen[2].authorization.find("/eu-1/s3/") != std::string::npos);
  CHECK(server.notes().find("region eu-1, not in us-east-1") != std::string::npos);
  server.on("GET /b/k", {{400, refusal("AuthorizationHeaderMalformed", "<Region>eu-1</Region>")}});
  CHECK(failure([&] { bucket().read("k", 100); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(BucketFixture, "a refusal that asks for a repetition is obeyed") {
  struct Row {
    int status;
    const char* code;
  };
  const Row rows[] = {
      {409, "ConditionalRequestConflict"},
      {409, "OperationAborted"},
      {400, "RequestTimeout"},
      {400, "BadDigest"},
      {400, "IncompleteBody"},
      {400, "XAmzContentSHA256Mismatch"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.code);
    const Reply again = {row.status, refusal(row.code)};
    server.forget();
    server.on("PUT /b/k", {again, again, {200, "", {{"ETag", "\"1\""}}}});
    CHECK(bucket().put("k", "text") == "1");
    CHECK(server.seen().back().body == "text");
    CHECK(server.seen().size() == 3);
    CHECK(server.notes().find(row.code) != std::string::npos);
    server.on("POST /b/k?uploads=", {again,
                                     {200, "<InitiateMultipartUploadResult><UploadId>u"
                                           "</UploadId></InitiateMultipartUploadResult>"}});
    CHECK(bucket().start_upload("k") == "u");
    server.forget();
    server.on("PUT /b/k", {again});
    CHECK(failure([&] { bucket().put("k", "text"); }) == ErrorKind::unavailable);
    CHECK(server.seen().size() == 1 + server.told.retries);
  }
  server.forget();
  server.on("PUT /b/k", {{409, refusal("InvalidBucketState")}});
  CHECK(failure([&] { bucket().put("k", "text"); }) == ErrorKind::protocol);
  CHECK(server.seen().size() == 1);
}

TEST_CASE_FIXTURE(BucketFixture, "what kept out a refused attempt is not its work") {
  // The other writer has written the same.
  server.on("PUT /b/k",
            {{409, refusal("ConditionalRequestConflict")}, {412, refusal("PreconditionFailed")}});
  CHECK_FALSE(bucket().put("k", "text", objects::Bucket::Condition::absent));
  CHECK(server.seen().size() == 2);
}

TEST_CASE_FIXTURE(BucketFixture, "a request is repeated in the region that it was sent to") {
  server.on("GET /b/k", {{400, refusal("AuthorizationHeaderMalformed", "<Region>eu-1</Region>")},
                         {400, refusal("RequestTimeout")},
                         {200, "text"}});
  CHECK(bucket().read("k", 100) == "text");
  CHECK(server.seen().back().authorization.find("/eu-1/s3/") != std::string::npos);
}

TEST_CASE_FIXTURE(BucketFixture, "another region of Amazon's has another endpoint") {
  struct Row {
    const char* endpoint;
    const char* region;
    const char* expected;
  };
  const Row rows[] = {
      {"https://s3.us-east-1.amazonaws.com", "eu-west-1", "https://s3.eu-west-1.amazonaws.com"},
      {"https://s3.amazonaws.com", "eu-west-1", "https://s3.eu-west-1.amazonaws.com"},
      {"https://s3.dualstack.us-east-1.amazonaws.com", "eu-west-1",
       "https://s3.dualstack.eu-west-1.amazonaws.com"},
      {"https://s3.us-east-1.amazonaws.com", "x.evil/", "https://s3.us-east-1.amazonaws.com"},
      {"https://s3.us-east-1.example.com", "eu-west-1", "https://s3.us-east-1.example.com"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.endpoint);
    options.endpoint = http::Url::parse(row.endpoint);
    opened.reset();
    const auto line = [](const std::string& endpoint) { return "GET " + endpoint + "/b/k"; };
    server.on(line(row.expected), {{200, "text"}});
    const Reply elsewhere = {
        301, refusal("PermanentRedirect"), {{"x-amz-bucket-region", row.region}}};
    server.on(line(row.endpoint), {elsewhere, {200, "text"}});
    server.forget();
    CHECK(bucket().read("k", 10) == "text");
    CHECK(server.lines() == Keys{line(row.endpoint), line(row.expected)});
  }
}

TEST_CASE_FIXTURE(BucketFixture, "a redirect is not followed, but named") {
  for (const int status : {301, 302, 307, 308}) {
    server.on("GET /b/k", {{status, "", {{"Location", "https://other:9000/b/k"}}}});
    const auto error = error_of([&] { bucket().read("k", 10); });
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.hint().find("https://other:9000:") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(BucketFixture,
                  "a request that was under way when another learnt the region is repeated") {
  const Reply elsewhere = {400, refusal("AuthorizationHeaderMalformed", "<Region>eu-1</Region>")};
  server.on("GET /b/quick", {elsewhere, {200, "quick"}});
  bool is_first = true;
  server.on("GET /b/slow", [&](const SeenRequest&) -> Reply {
    if (!std::exchange(is_first, false)) {
      return {200, "slow"};
    }
    CHECK(bucket().read("quick", 10) == "quick");
    return elsewhere;
  });
  CHECK(bucket().read("slow", 10) == "slow");
}

TEST_CASE_FIXTURE(BucketFixture, "a refusal says what to do") {
  struct Row {
    int status;
    const char* code;
    ErrorKind kind;
    const char* hint;
  };
  const Row rows[] = {
      {403, "AccessDenied", ErrorKind::denied, "check what the key may do"},
      {403, "RequestTimeTooSkewed", ErrorKind::denied, "the clocks of this machine"},
      {403, "InvalidObjectState", ErrorKind::unsupported, "restore it first"},
      {404, "NoSuchBucket", ErrorKind::not_found, "check its name"},
      {501, "NotImplemented", ErrorKind::unsupported, ""},
      {503, "SlowDown", ErrorKind::unavailable, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.code);
    server.on("DELETE /b/k", {{row.status, refusal(row.code)}});
    const auto error = error_of([&] { bucket().remove("k"); });
    CHECK(error.kind() == row.kind);
    CHECK(error.message() == std::string(row.status == 404 ? "s3://b" : "s3://b/k") +
                                 ": the server answered " + std::to_string(row.status) + " " +
                                 row.code + " (Why)");
    CHECK(error.hint().find(row.hint) != std::string::npos);
  }
  server.on("DELETE /b/k?uploadId=u", {{404, refusal("NoSuchBucket")}});
  CHECK(failure([&] { bucket().abort_upload("k", "u"); }) == ErrorKind::not_found);
  server.on("DELETE /b/k", {{404, refusal("NoSuchKey")}});
  bucket().remove("k");                                   // what is not there need not be removed
  server.on("DELETE /b/k", {{502, "<html><br></html>"}}); // a proxy's
  CHECK(failure([&] { bucket().remove("k"); }) == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(BucketFixture, "an answer that was cut is asked for again") {
  server.on("GET /b/k", {{200, "te", {}, Reply::End::cut}, {200, "text"}});
  CHECK(bucket().read("k", 10) == "text");
  const auto whole = page(contents("p/a") + contents("p/b"));
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, whole.substr(0, whole.size() - 30), {}, Reply::End::cut}, {200, whole}});
  CHECK(keys("p/") == Keys{"p/a", "p/b"});
  CHECK(server.notes().find("trying again (1 of ") != std::string::npos);
  server.on("GET /b/k", {{200, "te", {}, Reply::End::cut}});
  server.forget();
  CHECK(failure([&] { bucket().read("k", 10); }) == ErrorKind::unavailable);
  CHECK(server.seen().size() == 1 + server.told.retries);
}

TEST_SUITE_END();
