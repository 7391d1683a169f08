// SPDX-License-Identifier: Apache-2.0
#include "support/fake_server.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/objects/bucket.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace regctl;
using objects::Bucket;
using objects::BucketOptions;
using objects::ObjectInfo;
using test::FakeServer;
using test::Reply;
using test::SeenRequest;

namespace {

constexpr auto k_now = 1'369'353'600;
constexpr auto k_now_text = "Fri, 24 May 2013 00:00:00 GMT";

std::string refusal(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>Why" +
         "</Message>" + more + "</Error>";
}

std::string page(const std::string& contents, const std::string& next = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
         "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>" +
         contents + "<IsTruncated>" + (next.empty() ? "false" : "true") + "</IsTruncated>" +
         (next.empty() ? "" : "<NextContinuationToken>" + next + "</NextContinuationToken>") +
         "</ListBucketResult>";
}

std::string contents(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2013-05-24T00:00:00.210Z</LastModified>"
         "<ETag>&quot;c4ca4238a0b923820dcc509a6f75849b&quot;</ETag><Size>7</Size></Contents>";
}

Reply head(int size) {
  return {200,
          "",
          {{"Content-Length", std::to_string(size)},
           {"ETag", "\"abc\""},
           {"Last-Modified", k_now_text}}};
}

const std::string k_copied = "<CopyObjectResult><ETag>\"abc\"</ETag></CopyObjectResult>";

struct Fixture {
  Fixture() {
    options.endpoint = http::Url::parse("http://s3:9000");
    options.name = "b";
    options.key = [] { return http::AwsKey{"id", http::Secret("secret"), http::Secret()}; };
    options.now = [] { return std::chrono::system_clock::from_time_t(k_now); };
  }

  Bucket& bucket() {
    if (!opened) {
      opened = std::make_unique<Bucket>(server, options);
    }
    return *opened;
  }

  std::vector<std::string> keys(const std::string& prefix) {
    std::vector<std::string> keys;
    bucket().list(prefix, {[&](const ObjectInfo& object) { keys.push_back(object.key); }});
    return keys;
  }

  void copy(const std::string& from, const std::string& to) {
    bucket().copy(bucket(), {from, 7, "abc", {}}, to);
  }

  FakeServer server{"http://s3:9000"};
  BucketOptions options;
  std::unique_ptr<Bucket> opened;
};

using Keys = std::vector<std::string>;

/// The error that `body` throws.
template <class Body> Error failure(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  FAIL("it was taken");
  return {ErrorKind::usage, ""};
}

} // namespace

TEST_SUITE_BEGIN("objects/bucket");

TEST_CASE_FIXTURE(Fixture, "a second attempt at finding out about conditions tells no less") {
  // The first object is written; what answers the second attempt at it is that it is there.
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}, {412, refusal("PreconditionFailed")}});
  server.on("HEAD /b/k", {head(4)});
  server.on("GET /b/k", {{200, "text"}});
  CHECK(bucket().put_if_absent("k", "text"));
  CHECK_FALSE(bucket().put_if_absent("k", "text"));
  CHECK(server.seen().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "whether a bucket keeps versions is told, or is not known") {
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

TEST_CASE_FIXTURE(Fixture, "where many objects cannot be removed by one request, each takes one") {
  server.on("POST /b/?delete=", {{501, refusal("NotImplemented")}});
  server.on("DELETE /b/a", {{204}});
  server.on("DELETE /b/b", {{204}});
  bucket().remove_all({"a", "b"});
  CHECK(server.seen("DELETE /b/a").size() == 1);
  CHECK(server.seen("DELETE /b/b").size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "keys that XML cannot have are asked for in another encoding") {
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
  CHECK(failure([&] { keys("q"); }).kind() == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(Fixture, "an object is described by its head") {
  server.on("HEAD /b/a%20b", {head(7)});
  const auto found = bucket().find("a b");
  REQUIRE(found);
  CHECK(found->key == "a b");
  CHECK(found->size_bytes == 7);
  CHECK(found->etag == "abc");
  CHECK(found->changed == std::chrono::system_clock::from_time_t(k_now));
  CHECK(!bucket().find("other"));
}

TEST_CASE_FIXTURE(Fixture, "requests are signed, the payload too where the connection is plain") {
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}});
  CHECK(bucket().put("k", "text") == "1");
  const auto seen = server.seen().at(0);
  CHECK(seen.body == "text");
  CHECK(seen.authorization.starts_with("AWS4-HMAC-SHA256 Credential=id/20130524/us-east-1/s3/"));
  CHECK(seen.headers.find("x-amz-content-sha256") ==
        "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1");
  CHECK(!seen.headers.find("x-amz-server-side-encryption"));
}

TEST_CASE_FIXTURE(Fixture, "a bucket may be named by its host, and encryption asked for") {
  options.endpoint = http::Url::parse("https://s3.local");
  options.addressing = objects::Addressing::virtual_host;
  options.encrypt = true;
  server.on("PUT https://b.s3.local/k", {{200}});
  CHECK(bucket().put("k", "text") == "");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
  CHECK(seen.headers.find("x-amz-server-side-encryption") == "AES256");
}

TEST_CASE_FIXTURE(Fixture, "an object that is there is not written on condition that it is not") {
  server.on("PUT /b/k", {{200, "", {{"ETag", "\"1\""}}}, {412, refusal("PreconditionFailed")}});
  CHECK(bucket().put("k", "a", Bucket::Condition::absent) == "1");
  CHECK(!bucket().put("k", "b", Bucket::Condition::absent));
  CHECK(server.seen().at(0).headers.find("If-None-Match") == "*");
}

TEST_CASE_FIXTURE(Fixture, "what keeps out a second attempt may be the work of the first") {
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

TEST_CASE_FIXTURE(Fixture, "a small object is read whole, or not at all") {
  server.on("GET /b/k", {{200, "text"}});
  server.on("GET /b/none", {{404, refusal("NoSuchKey")}});
  server.on("GET /b/lost", {{404, refusal("NoSuchBucket")}});
  CHECK(bucket().read("k", 4) == "text");
  CHECK(!bucket().read("none", 4));
  CHECK_THROWS_AS(bucket().read("k", 3), Error);
  CHECK(failure([&] { bucket().read("lost", 4); }).kind() == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a part of an object is asked for as long as it is the same object") {
  server.on("GET /b/k", {{206, "cdef", {{"Content-Range", "bytes 2-5/6"}}}, {412}});
  CHECK(read_text(*bucket().open("k", 2, 4, "abc"), 100, "") == "cdef");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("Range") == "bytes=2-5");
  CHECK(seen.headers.find("If-Match") == "\"abc\"");
  CHECK(failure([&] { read_text(*bucket().open("k", 2, 4, "abc"), 100, ""); }).kind() ==
        ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "at the end of an object nothing is asked for") {
  CHECK(read_text(*bucket().open("k", 6, 0, "abc"), 100, "").empty());
  CHECK(server.seen().empty());
}

TEST_CASE_FIXTURE(Fixture, "bytes that were not asked for are no part of an object") {
  const Reply replies[] = {
      {200, "abcdef"}, {206, "abcd", {{"Content-Range", "bytes 0-3/6"}}}, {206, "cdef"}};
  for (const auto& reply : replies) {
    server.on("GET /b/k", {reply});
    const auto error = failure([&] { read_text(*bucket().open("k", 2, 4, ""), 100, ""); });
    CHECK(error.message().find("asked for the bytes 2-5, and sent others") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "a part of an object is resumed where it was cut") {
  server.on("GET /b/k", {{206, "cd", {{"Content-Range", "bytes 2-5/6"}}, Reply::End::cut},
                         {206, "cdef", {{"Content-Range", "bytes 2-5/6"}}}});
  CHECK(read_text(*bucket().open("k", 2, 4, ""), 100, "") == "cdef");
}

TEST_CASE_FIXTURE(Fixture, "all pages are listed, in order") {
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, page(contents("p/a") + contents("p/b&amp;c"), "t 1")}});
  server.on("GET /b/?continuation-token=t%201&list-type=2&prefix=p%2F",
            {{200, page(contents("p/d"))}});
  CHECK(keys("p/") == Keys{"p/a", "p/b&c", "p/d"});
}

TEST_CASE_FIXTURE(Fixture, "what lies below the next slash is one prefix") {
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

TEST_CASE_FIXTURE(Fixture,
                  "keys that were not asked for end the listing, and prefixes are left out") {
  const std::string folder = "<CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>";
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, page(contents("p/a") + folder)}, {200, page(contents("p/a") + contents("o"))}});
  CHECK(keys("p/") == Keys{"p/a"});
  const auto error = failure([&] { keys("p/"); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message() == "the listing of s3://b/p/ has o, which was not asked for");
}

TEST_CASE_FIXTURE(Fixture, "pages that repeat, or are cut without a word, end the listing") {
  server.on("GET /b/?list-type=2&prefix=p", {{200, page(contents("p"), "t")}});
  server.on("GET /b/?continuation-token=t&list-type=2&prefix=p", {{200, page(contents("p"), "t")}});
  CHECK(failure([&] { keys("p"); }).message().find("pages without end") != std::string::npos);
  server.on("GET /b/?list-type=2&prefix=o", {{200, page(contents("o"), "t1")}});
  server.on("GET /b/?continuation-token=t1&list-type=2&prefix=o", {{200, page("", "t2")}});
  server.on("GET /b/?continuation-token=t2&list-type=2&prefix=o", {{200, page("", "t1")}});
  CHECK(failure([&] { keys("o"); }).message().find("pages without end") != std::string::npos);
  server.on("GET /b/?list-type=2&prefix=q",
            {{200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}});
  CHECK(failure([&] { keys("q"); }).message().find("says not how it goes on") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "pages may be empty for a while") {
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
  CHECK(failure([&] { keys("p"); }).message().find("pages without end") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a small object comes with its ETag, a large one without its text") {
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

TEST_CASE_FIXTURE(Fixture, "the region that the server names is taken, once and for all") {
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
  CHECK(failure([&] { bucket().read("k", 100); }).kind() == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(Fixture, "another region of Amazon's has another endpoint") {
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

TEST_CASE_FIXTURE(Fixture, "a redirect is not followed, but named") {
  for (const int status : {301, 302, 307, 308}) {
    server.on("GET /b/k", {{status, "", {{"Location", "https://other:9000/b/k"}}}});
    const auto error = failure([&] { bucket().read("k", 10); });
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.hint().find("https://other:9000:") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture,
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

TEST_CASE_FIXTURE(Fixture, "a refusal says what to do") {
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
    const auto error = failure([&] { bucket().remove("k"); });
    CHECK(error.kind() == row.kind);
    CHECK(error.message() == std::string(row.status == 404 ? "s3://b" : "s3://b/k") +
                                 ": the server answered " + std::to_string(row.status) + " " +
                                 row.code + " (Why)");
    CHECK(error.hint().find(row.hint) != std::string::npos);
  }
  server.on("DELETE /b/k?uploadId=u", {{404, refusal("NoSuchBucket")}});
  CHECK(failure([&] { bucket().abort_upload("k", "u"); }).kind() == ErrorKind::not_found);
  server.on("DELETE /b/k", {{404, refusal("NoSuchKey")}});
  bucket().remove("k");                                   // what is not there need not be removed
  server.on("DELETE /b/k", {{502, "<html><br></html>"}}); // a proxy's
  CHECK(failure([&] { bucket().remove("k"); }).kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(Fixture, "an upload in parts is invisible until it is complete") {
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

TEST_CASE_FIXTURE(Fixture, "by https a small object goes with its MD5, which the server compares") {
  options.endpoint = http::Url::parse("https://s3:9000");
  server.on("PUT https://s3:9000/b/k", {{200, "", {{"ETag", "\"1\""}}}});
  bucket().put("k", "abc");
  CHECK(server.seen().at(0).headers.find("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
}

TEST_CASE_FIXTURE(Fixture, "by https a part goes with its MD5, which the server compares") {
  options.endpoint = http::Url::parse("https://s3:9000");
  server.on("PUT https://s3:9000/b/k?partNumber=1&uploadId=u", {{200, "", {{"ETag", "\"e1\""}}}});
  bucket().put_part("k", "u", 1, "abc");
  CHECK(server.seen().at(0).headers.find("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg==");
  CHECK(server.seen().at(0).headers.find("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE_FIXTURE(Fixture, "a completion in doubt counts if the object is there, of these parts") {
  const Reply doubtful[] = {{200, refusal("InternalError")},
                            {404, refusal("NoSuchUpload")},
                            {503, refusal("SlowDown")},
                            test::no_answer()};
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

TEST_CASE_FIXTURE(Fixture, "the parts of an upload are told, page by page") {
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
  CHECK(failure([&] { bucket().find_parts(upload); }).kind() == ErrorKind::protocol); // a loop
  const auto ended = bucket().find_parts({"k", "other", {}});
  CHECK(ended.size_bytes == 0);
  CHECK_FALSE(ended.last);
}

TEST_CASE_FIXTURE(Fixture, "uploads that were left open are listed, page by page, and aborted") {
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

TEST_CASE_FIXTURE(Fixture,
                  "many objects are removed with one request, and an error among them told") {
  server.on("POST /b/?delete=", {{200, "<DeleteResult/>"},
                                 {200, "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code>"
                                       "<Message>No</Message></Error></DeleteResult>"}});
  bucket().remove_all({"a&b", "c"});
  CHECK(server.seen().at(0).body == "<Delete><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object>"
                                    "<Object><Key>c</Key></Object></Delete>");
  CHECK(server.seen().at(0).headers.find("Content-MD5"));
  const auto error = failure([&] { bucket().remove_all({"a", "b"}); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message().starts_with("s3://b/b: "));
  server.forget();
  server.on("POST /b/?delete=", {{200, "<DeleteResult/>"}});
  bucket().remove_all(Keys(1001, "k"));
  CHECK(server.seen().size() == 2);
  bucket().remove_all({});
  CHECK(server.seen().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "an answer that was cut is asked for again") {
  server.on("GET /b/k", {{200, "te", {}, Reply::End::cut}, {200, "text"}});
  CHECK(bucket().read("k", 10) == "text");
  const auto whole = page(contents("p/a") + contents("p/b"));
  server.on("GET /b/?list-type=2&prefix=p%2F",
            {{200, whole.substr(0, whole.size() - 30), {}, Reply::End::cut}, {200, whole}});
  CHECK(keys("p/") == Keys{"p/a", "p/b"});
  CHECK(server.notes().find("trying again (1 of ") != std::string::npos);
  server.on("GET /b/k", {{200, "te", {}, Reply::End::cut}});
  server.forget();
  CHECK(failure([&] { bucket().read("k", 10); }).kind() == ErrorKind::unavailable);
  CHECK(server.seen().size() == 1 + server.told.retries);
}

TEST_CASE_FIXTURE(Fixture, "sizes and times are not guessed") {
  const auto fails = [&](const std::string& body, const std::string& saying) {
    server.on("GET /b/?list-type=2&prefix=p", {{200, page(body)}});
    server.on("GET /b/?prefix=p&uploads=",
              {{200, "<ListMultipartUploadsResult>" + body + "</ListMultipartUploadsResult>"}});
    const auto error = failure([&] {
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
  CHECK(failure([&] { bucket().find("k"); }).message() == "s3://b/k: the server tells no time: ''");
}

TEST_CASE_FIXTURE(Fixture, "a document of another kind is no empty listing") {
  server.on("GET /b/?list-type=2&prefix=p", {{200, "<html><body></body></html>"}});
  const auto error = failure([&] { keys("p"); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message() == "the answer about s3://b/p is no ListBucketResult");
}

TEST_CASE_FIXTURE(Fixture, "a failure behind a status of success is repeated if it may pass") {
  server.on("PUT /b/to",
            {{200, refusal("InternalError")}, {200, k_copied}, {200, refusal("AccessDenied")}});
  copy("a", "to");
  CHECK(server.seen().size() == 2);
  const auto error = failure([&] { copy("a", "to"); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message() == "s3://b/to: the server answered 200 AccessDenied (Why)");
  CHECK(error.frames().at(0) == "copying s3://b/a to s3://b/to");
  CHECK(server.seen().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a copy stays at the server, and its error may come with 200") {
  server.on("PUT /b/to",
            {{200, k_copied}, {200, refusal("InternalError")}, {404, refusal("NoSuchKey")}});
  copy("a b", "to");
  CHECK(server.seen().at(0).headers.find("x-amz-copy-source") == "/b/a%20b");
  CHECK_THROWS_AS(copy("a b", "to"), Error);
  CHECK(failure([&] { copy("a b", "to"); }).kind() == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a copy names its source, and what that has to be") {
  server.on("PUT /b/to", {{200, k_copied}, {412, refusal("PreconditionFailed")}});
  copy("a b", "to");
  const auto seen = server.seen().at(0);
  CHECK(seen.headers.find("x-amz-copy-source") == "/b/a%20b");
  CHECK(seen.headers.find("x-amz-copy-source-if-match") == "\"abc\"");
  CHECK(seen.authorization.find("x-amz-copy-source-if-match") != std::string::npos); // signed
  server.on(
      "HEAD /b/a%20b",
      {{200, "", {{"Content-Length", "7"}, {"ETag", "\"new\""}, {"Last-Modified", k_now_text}}}});
  CHECK(failure([&] { copy("a b", "to"); }).kind() == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "objects in parts are copied in parts where their ETags are hidden") {
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

TEST_CASE_FIXTURE(Fixture, "a copy of another version is removed") {
  server.on("PUT /b/to", {{200, "<CopyObjectResult><ETag>\"other\"</ETag></CopyObjectResult>"}});
  server.on("DELETE /b/to", {{204, ""}});
  server.on(
      "HEAD /b/a",
      {head(7),
       {200, "", {{"Content-Length", "7"}, {"ETag", "\"new\""}, {"Last-Modified", k_now_text}}}});
  copy("a", "to"); // the source has its ETag still
  const auto error = failure([&] { copy("a", "to"); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK(error.message() == "s3://b/a was replaced while it was copied");
  CHECK(server.lines().back() == "DELETE /b/to");
}

TEST_CASE_FIXTURE(Fixture,
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
  CHECK(failure(copy_in_parts).kind() == ErrorKind::denied);
  CHECK(server.lines().back() == "DELETE /b/to?uploadId=u");
}

TEST_CASE_FIXTURE(Fixture, "buckets are beside each other at one server with one key") {
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

TEST_CASE_FIXTURE(Fixture, "an upload is given up even after an interruption") {
  server.on("DELETE /b/k?uploadId=u", [&](const SeenRequest& request) {
    if (!request.stall_timeout) {
      interrupt();
      return test::no_answer(ErrorKind::interrupted);
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
