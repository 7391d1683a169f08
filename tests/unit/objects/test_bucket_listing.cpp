// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/bucket_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::test;
using objects::Bucket;
using objects::ObjectInfo;

TEST_SUITE_BEGIN("objects/bucket_listing");

TEST_CASE_FIXTURE(BucketFixture, "keys that XML cannot have are asked for in another encoding") {
  server.on("GET /b/?list-type=2&prefix=p", {{200, page(contents("p&#1;x"))}});
  server.on(
      "GET /b/?encoding-type=url&list-type=2&prefix=p",
      {{200, page("<EncodingType>url</EncodingType>" + contents("p%01x") + contents("p+%2B"))}});
  CHECK(keys("p") == std::vector<std::string>{"p\1x", "p +"});
  server.forget();
  CHECK(keys("p").size() == 2);
  CHECK(server.seen().size() == 1); // it is known by now
  // Another fault does not go away so.
  server.on("GET /b/?list-type=2&prefix=q", {{200, "<html>"}});
  server.on("GET /b/?encoding-type=url&list-type=2&prefix=q", {{200, "<html>"}});
  opened.reset();
  CHECK(failure([&] { keys("q"); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(BucketFixture, "all pages are listed, in order") {
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, page(contents("p/a") + contents("p/b&amp;c"), "t 1")}});
  server.on("GET /b/?continuation-token=t%201&list-type=2&prefix=p%2F",
            {{200, page(contents("p/d"))}});
  CHECK(keys("p/") == Keys{"p/a", "p/b&c", "p/d"});
}

TEST_CASE_FIXTURE(BucketFixture, "what lies below the next slash is one prefix") {
  server.on(
      "GET /b/?delimiter=%2F&list-type=2&prefix=p%2F",
      {{200, page(contents("p/a") + "<CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>")}});
  Keys keys;
  Keys prefixes;
  bucket().list("p/", {[&](const ObjectInfo& object) {
                         keys.push_back(object.key);
                         CHECK(object.size_bytes == 7);
                         CHECK(object.etag == "c4ca4238a0b923820dcc509a6f75849b");
                         CHECK(object.changed == std::chrono::system_clock::from_time_t(k_now));
                       },
                       [&](const std::string& prefix) { prefixes.push_back(prefix); }});
  CHECK(keys == Keys{"p/a"});
  CHECK(prefixes == Keys{"p/d/"});
}

TEST_CASE_FIXTURE(BucketFixture,
                  "keys that were not asked for end the listing, and prefixes are left out") {
  const std::string folder = "<CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>";
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, page(contents("p/a") + folder)}, {200, page(contents("p/a") + contents("o"))}});
  CHECK(keys("p/") == Keys{"p/a"});
  const auto error = error_of([&] { keys("p/"); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message() == "the listing of s3://b/p/ has o, which was not asked for");
}

TEST_CASE_FIXTURE(BucketFixture, "pages that repeat, or are cut without a word, end the listing") {
  server.on("GET /b/?list-type=2&prefix=p", {{200, page(contents("p"), "t")}});
  server.on("GET /b/?continuation-token=t&list-type=2&prefix=p", {{200, page(contents("p"), "t")}});
  CHECK(error_of([&] { keys("p"); }).message().find("pages without end") != std::string::npos);
  server.on("GET /b/?list-type=2&prefix=o", {{200, page(contents("o"), "t1")}});
  server.on("GET /b/?continuation-token=t1&list-type=2&prefix=o", {{200, page("", "t2")}});
  server.on("GET /b/?continuation-token=t2&list-type=2&prefix=o", {{200, page("", "t1")}});
  CHECK(error_of([&] { keys("o"); }).message().find("pages without end") != std::string::npos);
  server.on("GET /b/?list-type=2&prefix=q",
            {{200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}});
  CHECK(error_of([&] { keys("q"); }).message().find("says not how it goes on") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(BucketFixture, "pages may be empty for a while") {
  // As Ceph's are behind many keys that were removed.
  constexpr int k_pages = 100;
  server.on("GET /b/?list-type=2&prefix=p", {{200, page("", "t0")}});
  const auto answer_with = [&](int last) {
    for (int i = 0; i <= last; ++i) {
      const auto token = "t" + std::to_string(i);
      const auto next = "t" + std::to_string(i + 1);
      server.on("GET /b/?continuation-token=" + token + "&list-type=2&prefix=p",
                {{200, i == last ? page(contents("p")) : page("", next)}});
    }
  };
  answer_with(k_pages - 1);
  CHECK(keys("p") == Keys{"p"});
  answer_with(k_pages);
  CHECK(error_of([&] { keys("p"); }).message().find("pages without end") != std::string::npos);
}

TEST_CASE_FIXTURE(BucketFixture, "sizes and times are not guessed") {
  const auto fails = [&](const std::string& body, const std::string& saying) {
    server.on("GET /b/?list-type=2&prefix=p", {{200, page(body)}});
    server.on("GET /b/?prefix=p&uploads=",
              {{200, "<ListMultipartUploadsResult>" + body + "</ListMultipartUploadsResult>"}});
    const auto error = error_of([&] {
      keys("p");
      bucket().list_uploads("p", [](const Bucket::OpenUpload&) {});
    });
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message() == saying);
  };
  fails("<Contents><Key>p</Key><Size>-1</Size></Contents>",
        "s3://b/p: the server tells no size: '-1'");
  fails("<Contents><Key>p</Key><Size>1</Size><LastModified>today</LastModified></Contents>",
        "s3://b/p: the server tells no time: 'today'");
  fails("<Contents><Key>p</Key><Size>1</Size></Contents>",
        "s3://b/p: the server tells no time: ''");
  fails("<Upload><Key>p</Key></Upload>", "s3://b/p: the server tells no time: ''");
  server.on("HEAD /b/k", {{200, "", {{"Content-Length", "4"}}}});
  CHECK(error_of([&] { bucket().find("k"); }).message() ==
        "s3://b/k: the server tells no time: ''");
}

TEST_CASE_FIXTURE(BucketFixture, "a document of another kind is no empty listing") {
  server.on("GET /b/?list-type=2&prefix=p", {{200, "<html><body></body></html>"}});
  const auto error = error_of([&] { keys("p"); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message() == "the answer about s3://b/p is no ListBucketResult");
}

TEST_SUITE_END();
