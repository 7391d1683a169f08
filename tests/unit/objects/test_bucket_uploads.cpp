// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::test;
using objects::Bucket;

TEST_SUITE_BEGIN("objects/bucket_uploads");

TEST_CASE_FIXTURE(BucketFixture, "an upload in parts is invisible until it is complete") {
  server.on("POST /b/k?uploads=", {{200, "<InitiateMultipartUploadResult><UploadId>u/1</UploadId>"
                                         "</InitiateMultipartUploadResult>"}});
  server.on("PUT /b/k?partNumber=1&uploadId=u%2F1", {{200, "", {{"ETag", "\"e1\""}}}});
  server.on("PUT /b/k?partNumber=2&uploadId=u%2F1", {{200, "", {{"ETag", "\"e2\""}}}});
  server.on(
      "POST /b/k?uploadId=u%2F1",
      {{200, "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>"}});
  const auto id = bucket().start_upload("k");
  CHECK(id == "u/1");
  const std::vector<Bucket::Part> parts = {bucket().put_part("k", id, 1, "abc"),
                                           bucket().put_part("k", id, 2, "d")};
  bucket().complete_upload("k", id, parts, 4);
  const auto seen = server.seen();
  CHECK_FALSE(seen.at(1).headers.find("Content-MD5")); // the signature covers the bytes
  CHECK(seen.at(1).headers.find("x-amz-content-sha256") == sha256_hex("abc"));
  CHECK(
      seen.at(3).body ==
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>&quot;e2&quot;</ETag></Part>"
      "</CompleteMultipartUpload>");
}

TEST_CASE_FIXTURE(BucketFixture,
                  "by https a small object goes with its MD5, which the server compares") {
  options.endpoint = http::Url::parse("https://s3:9000");
  server.on("PUT https://s3:9000/b/k", {{200, "", {{"ETag", "\"1\""}}}});
  bucket().put("k", "abc");
  CHECK(server.seen().at(0).headers.find("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
}

TEST_CASE_FIXTURE(BucketFixture, "by https a part goes with its MD5, which the server compares") {
  options.endpoint = http::Url::parse("https://s3:9000");
  server.on("PUT https://s3:9000/b/k?partNumber=1&uploadId=u", {{200, "", {{"ETag", "\"e1\""}}}});
  bucket().put_part("k", "u", 1, "abc");
  CHECK(server.seen().at(0).headers.find("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
  CHECK(server.seen().at(0).headers.find("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE_FIXTURE(BucketFixture,
                  "a completion in doubt counts if the object is there, of these parts") {
  const Reply doubtful[] = {{200, refusal("InternalError")},
                            {404, refusal("NoSuchUpload")},
                            {503, refusal("SlowDown")},
                            no_answer()};
  // The ETags of the parts "abc" and "d", and what servers make of them.
  const std::vector<Bucket::Part> parts = {{1, "\"900150983cd24fb0d6963f7d28e17f72\""},
                                           {2, "\"8277e0910d750195b448797616e091ad\""}};
  const auto there = [](int size, const std::string& etag) -> Reply {
    return {
        200,
        "",
        {{"Content-Length", std::to_string(size)}, {"ETag", etag}, {"Last-Modified", k_now_text}}};
  };
  const std::string ours = "\"26b10a702bd95f42e3c2737f5975aa20-2\"";
  const auto complete = [&](const std::vector<Bucket::Part>& sent) {
    bucket().complete_upload("k", "u", sent, 4);
  };
  for (const auto& reply : doubtful) {
    server.on("POST /b/k?uploadId=u", {reply});
    server.on("HEAD /b/k", {there(4, ours)});
    complete(parts);
    for (const auto& other :
         {there(3, ours), there(4, "\"abc\""), // the damaged layer that it is to replace
          there(4, "\"26b10a702bd95f42e3c2737f5975aa20-3\""), Reply{404}}) {
      server.on("HEAD /b/k", {other});
      CHECK_THROWS_AS(complete(parts), Error);
    }
    server.on("HEAD /b/k", {there(4, "")});
    CHECK_THROWS_AS(complete({{1, "\"of an encrypted part\""}}), Error); // which may be any
  }
  server.on("POST /b/k?uploadId=u", {{403, refusal("AccessDenied")}});
  server.on("HEAD /b/k", {there(4, ours)});
  CHECK_THROWS_AS(complete(parts), Error); // there is no doubt
}

TEST_CASE_FIXTURE(BucketFixture, "the parts of an upload are told, page by page") {
  const auto part = [](const char* time, int size) {
    return "<Part><LastModified>" + std::string(time) + "</LastModified><Size>" +
           std::to_string(size) + "</Size></Part>";
  };
  const auto parts = [](const std::string& body) {
    return "<ListPartsResult>" + body + "</ListPartsResult>";
  };
  const std::string more =
      "<IsTruncated>true</IsTruncated><NextPartNumberMarker>9</NextPartNumberMarker>";
  server.on("GET /b/k?uploadId=u", {{200, parts(part("2013-05-23T00:00:00.000Z", 5) +
                                                part("2013-05-24T00:00:00.000Z", 6) + more)}});
  server.on("GET /b/k?part-number-marker=9&uploadId=u",
            {{200, parts(part("2013-05-22T00:00:00.000Z", 7))}, {200, parts(more)}});
  const Bucket::OpenUpload upload{"k", "u", {}};
  const auto found = bucket().find_parts(upload);
  CHECK(found.size_bytes == 18);
  CHECK(found.last == std::chrono::system_clock::from_time_t(k_now));
  CHECK(failure([&] { bucket().find_parts(upload); }) == ErrorKind::protocol); // a loop
  const auto ended = bucket().find_parts({"k", "other", {}});
  CHECK(ended.size_bytes == 0);
  CHECK_FALSE(ended.last);
}

TEST_CASE_FIXTURE(BucketFixture,
                  "uploads that were left open are listed, page by page, and aborted") {
  const auto upload = [](const char* key) {
    return "<Upload><Key>" + std::string(key) +
           "</Key><UploadId>u</UploadId><Initiated>2013-05-24T00:00:00.000Z</Initiated></Upload>";
  };
  const auto uploads = [](const std::string& body) {
    return "<ListMultipartUploadsResult>" + body + "</ListMultipartUploadsResult>";
  };
  const std::string more = "<IsTruncated>true</IsTruncated><NextKeyMarker>p/a</NextKeyMarker>"
                           "<NextUploadIdMarker>u</NextUploadIdMarker>";
  server.on("GET /b/?prefix=p%2F&uploads=", {{200, uploads(upload("p/a") + more)}});
  server.on("GET /b/?key-marker=p%2Fa&prefix=p%2F&upload-id-marker=u&uploads=",
            {{200, uploads(upload("p/b"))}, {200, uploads(more)}});
  Keys keys;
  const auto on_upload = [&](const Bucket::OpenUpload& open) {
    keys.push_back(open.key + " " + open.id);
    CHECK(open.started == std::chrono::system_clock::from_time_t(k_now));
  };
  bucket().list_uploads("p/", on_upload);
  CHECK(keys == Keys{"p/a u", "p/b u"});
  CHECK_THROWS_AS(bucket().list_uploads("p/", on_upload), Error); // a page that repeats
  server.on("DELETE /b/p/a?uploadId=u", {{204}, {404, refusal("NoSuchUpload")}});
  bucket().abort_upload("p/a", "u");
  bucket().abort_upload("p/a", "u");
}

TEST_CASE_FIXTURE(BucketFixture, "an upload is given up even after an interruption") {
  server.on("DELETE /b/k?uploadId=u", [&](const SeenRequest& request) {
    if (!request.stall_timeout) {
      interrupt();
      return no_answer(ErrorKind::interrupted);
    }
    CHECK_FALSE(is_interrupted());
    return Reply{204, ""};
  });
  bucket().give_up_upload("k", "u");
  CHECK(is_interrupted());
  reset_interrupt();
  CHECK(server.seen().size() == 2);
}

TEST_SUITE_END();
