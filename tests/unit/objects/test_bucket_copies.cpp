// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::test;

TEST_SUITE_BEGIN("objects/bucket_copies");

TEST_CASE_FIXTURE(BucketFixture,
                  "a failure behind a status of success is repeated if it may pass") {
  server.on("PUT /b/to",
            {{200, refusal("InternalError")}, {200, k_copied}, {200, refusal("AccessDenied")}});
  copy("a", "to");
  CHECK(server.seen().size() == 2);
  const auto error = error_of([&] { copy("a", "to"); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message() == "s3://b/to: the server answered 200 AccessDenied (Why)");
  CHECK(error.frames().at(0) == "copying s3://b/a to s3://b/to");
  CHECK(server.seen().size() == 3);
}

TEST_CASE_FIXTURE(BucketFixture, "a copy stays at the server, and its error may come with 200") {
  server.on("PUT /b/to",
            {{200, k_copied}, {200, refusal("InternalError")}, {404, refusal("NoSuchKey")}});
  copy("a b", "to");
  CHECK(server.seen().at(0).headers.find("x-amz-copy-source") == "/b/a%20b");
  CHECK_THROWS_AS(copy("a b", "to"), Error);
  CHECK(failure([&] { copy("a b", "to"); }) == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(BucketFixture, "a copy names its source, and what that has to be") {
  server.on("PUT /b/to", {{200, k_copied}, {412, refusal("PreconditionFailed")}});
  copy("a b", "to");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("x-amz-copy-source") == "/b/a%20b");
  CHECK(seen.headers.find("x-amz-copy-source-if-match") == "\"abc\"");
  CHECK(seen.authorization.find("x-amz-copy-source-if-match") != std::string::npos); // signed
  server.on(
      "HEAD /b/a%20b",
      {{200, "", {{"Content-Length", "7"}, {"ETag", "\"new\""}, {"Last-Modified", k_now_text}}}});
  CHECK(failure([&] { copy("a b", "to"); }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(BucketFixture,
                  "objects in parts are copied in parts where their ETags are hidden") {
  server.on("PUT /b/to", {{412, refusal("PreconditionFailed")}});
  server.on(
      "HEAD /b/a",
      {{200, "", {{"Content-Length", "7"}, {"ETag", "\"abc-2\""}, {"Last-Modified", k_now_text}}}});
  server.on("POST /b/to?uploads=", {{200, "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                                          "</InitiateMultipartUploadResult>"}});
  server.on("PUT /b/to?partNumber=1&uploadId=u",
            {{200, "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>"}});
  server.on("POST /b/to?uploadId=u", {{200, "<CompleteMultipartUploadResult/>"}});
  for (int i = 0; i < 2; ++i) {
    bucket().copy(bucket(), {"a", 7, "abc-2", {}}, "to");
  }
  int whole = 0;
  int parts = 0;
  for (const auto& request : server.seen()) {
    const bool has_condition = request.headers.find("x-amz-copy-source-if-match").has_value();
    whole += request.line == "PUT /b/to" && has_condition ? 1 : 0;
    parts += request.line == "PUT /b/to?partNumber=1&uploadId=u" && !has_condition ? 1 : 0;
  }
  CHECK(whole == 1); // never again
  CHECK(parts == 2);
}

TEST_CASE_FIXTURE(BucketFixture, "a copy of another version is removed") {
  server.on("PUT /b/to", {{200, "<CopyObjectResult><ETag>\"other\"</ETag></CopyObjectResult>"}});
  server.on("DELETE /b/to", {{204, ""}});
  server.on(
      "HEAD /b/a",
      {head(7),
       {200, "", {{"Content-Length", "7"}, {"ETag", "\"new\""}, {"Last-Modified", k_now_text}}}});
  copy("a", "to"); // the source has its ETag still
  const auto error = error_of([&] { copy("a", "to"); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK(error.message() == "s3://b/a was replaced while it was copied");
  CHECK(server.lines().back() == "DELETE /b/to");
}

TEST_CASE_FIXTURE(BucketFixture,
                  "what is long is copied in parts, and a copy that fails leaves nothing") {
  server.on("POST /b/to?uploads=", {{200, "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                                          "</InitiateMultipartUploadResult>"}});
  const std::string part = "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>";
  server.on("PUT /b/to?partNumber=1&uploadId=u", {{200, part}});
  server.on("PUT /b/to?partNumber=2&uploadId=u", {{200, part}, {403, refusal("AccessDenied")}});
  server.on("POST /b/to?uploadId=u", {{200, "<CompleteMultipartUploadResult/>"}});
  server.on("DELETE /b/to?uploadId=u", {{204, ""}});
  const auto copy_in_parts = [&] { bucket().copy(bucket(), {"a", 7, "", {}}, "to", {}, 4); };
  copy_in_parts();
  const auto ranges = server.seen();
  CHECK(ranges.at(1).headers.find("x-amz-copy-source-range") == "bytes=0-3");
  CHECK(ranges.at(2).headers.find("x-amz-copy-source-range") == "bytes=4-6");
  CHECK_FALSE(ranges.at(1).headers.find("x-amz-copy-source-if-match"));
  CHECK(ranges.at(3).body ==
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag></Part>"
        "<Part><PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag></Part>"
        "</CompleteMultipartUpload>");
  server.forget();
  CHECK(failure(copy_in_parts) == ErrorKind::denied);
  CHECK(server.lines().back() == "DELETE /b/to?uploadId=u");
}

TEST_SUITE_END();
