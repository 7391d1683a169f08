// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <regctl/base/hash.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace regctl;
using namespace regctl::test;
using objects::Bucket;
using objects::BucketOptions;

TEST_SUITE_BEGIN("objects/bucket");

TEST_CASE_FIXTURE(BucketFixture, "whether a bucket keeps versions is told, or is not known") {
  const auto answer = [](const std::string& status) -> Reply {
    return {200, "<VersioningConfiguration>" + status + "</VersioningConfiguration>"};
  };
  server.on("GET /b/?versioning=", {answer("<Status>Enabled</Status>"),
                                    answer(""),
                                    answer("<Status>Suspended</Status>"),
                                    {403, refusal("AccessDenied")},
                                    {501, refusal("NotImplemented")}});
  CHECK(bucket().is_versioned());
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(bucket().is_versioned());
  }
}

TEST_CASE_FIXTURE(BucketFixture,
                  "where many objects cannot be removed by one request, each takes one") {
  server.on("POST /b/?delete=", {{501, refusal("NotImplemented")}});
  server.on("DELETE /b/a", {{204}});
  server.on("DELETE /b/b", {{204}});
  bucket().remove_all({"a", "b"});
  CHECK(server.seen("DELETE /b/a").size() == 1);
  CHECK(server.seen("DELETE /b/b").size() == 1);
}

TEST_CASE_FIXTURE(BucketFixture, "an object is described by its head") {
  server.on("HEAD /b/a%20b", {head(7)});
  const auto found = bucket().find("a b");
  REQUIRE(found);
  CHECK(found->key == "a b");
  CHECK(found->size_bytes == 7);
  CHECK(found->etag == "abc");
  CHECK(found->changed == std::chrono::system_clock::from_time_t(k_now));
  CHECK(!bucket().find("other"));
}

TEST_CASE_FIXTURE(BucketFixture,
                  "requests are signed, the payload too where the connection is plain") {
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}});
  CHECK(bucket().put("k", "text") == "1");
  const auto seen = server.seen().at(0);
  CHECK(seen.body == "text");
  CHECK(seen.authorization.starts_with("AWS4-HMAC-SHA256 Credential=id/20130524/us-east-1/s3/"));
  CHECK(seen.headers.find("x-amz-content-sha256") ==
        "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1");
  CHECK(!seen.headers.find("x-amz-server-side-encryption"));
}

TEST_CASE_FIXTURE(BucketFixture, "a bucket may be named by its host, and encryption asked for") {
  options.endpoint = http::Url::parse("https://s3.local");
  options.addressing = objects::Addressing::virtual_host;
  options.encrypt = true;
  server.on("PUT https://b.s3.local/k", {{200}});
  CHECK(bucket().put("k", "text") == "");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  CHECK(seen.headers.find("x-amz-server-side-encryption") == "AES256");
}

TEST_CASE_FIXTURE(BucketFixture, "a small object is read whole, or not at all") {
  server.on("GET /b/k", {{200, "text"}});
  server.on("GET /b/none", {{404, refusal("NoSuchKey")}});
  server.on("GET /b/lost", {{404, refusal("NoSuchBucket")}});
  CHECK(bucket().read("k", 4) == "text");
  CHECK(!bucket().read("none", 4));
  CHECK_THROWS_AS(bucket().read("k", 3), Error);
  CHECK(failure([&] { bucket().read("lost", 4); }) == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(BucketFixture,
                  "a part of an object is asked for as long as it is the same object") {
  server.on("GET /b/k", {{206, "cdef", {{"Content-Range", "bytes 2-5/6"}}}, {412}});
  CHECK(read_text(*bucket().open("k", 2, 4, "abc"), 100, "") == "cdef");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("Range") == "bytes=2-5");
  CHECK(seen.headers.find("If-Match") == "\"abc\"");
  CHECK(failure([&] { read_text(*bucket().open("k", 2, 4, "abc"), 100, ""); }) ==
        ErrorKind::integrity);
}

TEST_CASE_FIXTURE(BucketFixture, "at the end of an object nothing is asked for") {
  CHECK(read_text(*bucket().open("k", 6, 0, "abc"), 100, "").empty());
  CHECK(server.seen().empty());
}

TEST_CASE_FIXTURE(BucketFixture, "bytes that were not asked for are no part of an object") {
  const Reply replies[] = {
      {200, "abcdef"}, {206, "abcd", {{"Content-Range", "bytes 0-3/6"}}}, {206, "cdef"}};
  for (const auto& reply : replies) {
    server.on("GET /b/k", {reply});
    const auto error = error_of([&] { read_text(*bucket().open("k", 2, 4, ""), 100, ""); });
    CHECK(error.message().find("asked for the bytes 2-5, and sent others") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(BucketFixture, "a part of an object is resumed where it was cut") {
  server.on("GET /b/k", {{206, "cd", {{"Content-Range", "bytes 2-5/6"}}, Reply::End::cut},
                         {206, "cdef", {{"Content-Range", "bytes 2-5/6"}}}});
  CHECK(read_text(*bucket().open("k", 2, 4, ""), 100, "") == "cdef");
}

TEST_CASE_FIXTURE(BucketFixture,
                  "a small object comes with its ETag, a large one without its text") {
  server.on("GET /b/k", {{200, "text", {{"ETag", "\"abc\""}, {"Content-Length", "4"}}}});
  const auto content = bucket().read_with_etag("k", 4);
  REQUIRE(content);
  CHECK(content->text == "text");
  CHECK(content->etag == "abc");
  CHECK_FALSE(bucket().read_with_etag("k", 3).value().text);
  CHECK_FALSE(bucket().read_with_etag("none", 3));
  server.on("GET /b/k", {{200, "text", {{"ETag", "\"abc\""}}}}); // of unknown length
  CHECK_FALSE(bucket().read_with_etag("k", 4).value().text);
}

TEST_CASE_FIXTURE(BucketFixture,
                  "many objects are removed with one request, and an error among them told") {
  server.on("POST /b/?delete=", {{200, "<DeleteResult/>"},
                                 {200, "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code>"
                                       "<Message>No</Message></Error></DeleteResult>"}});
  bucket().remove_all({"a&b", "c"});
  CHECK(server.seen().at(0).body == "<Delete><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object>"
                                    "<Object><Key>c</Key></Object></Delete>");
  CHECK(server.seen().at(0).headers.find("Content-MD5"));
  const auto error = error_of([&] { bucket().remove_all({"a", "b"}); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message().starts_with("s3://b/b: "));
  server.forget();
  server.on("POST /b/?delete=", {{200, "<DeleteResult/>"}});
  bucket().remove_all(Keys(1001, "k"));
  CHECK(server.seen().size() == 2);
  bucket().remove_all({});
  CHECK(server.seen().size() == 2);
}

TEST_CASE_FIXTURE(BucketFixture, "buckets are beside each other at one server with one key") {
  const auto is_beside = [&](BucketOptions other) {
    return bucket().is_beside(Bucket(server, std::move(other)));
  };
  auto other = options;
  other.name = "c";
  CHECK(is_beside(other));
  SUBCASE("another region") {
    other.region = "eu-1";
  }
  SUBCASE("another server") {
    other.endpoint = http::Url::parse("http://other:9000");
  }
  SUBCASE("another key") {
    other.key = [] { return http::AwsKey{"id", http::Secret("other"), http::Secret()}; };
  }
  other.name = "b";
  CHECK(is_beside(other) ==
        (other.region == options.region && other.endpoint.host == options.endpoint.host &&
         other.key().secret == options.key().secret));
}

TEST_SUITE_END();
