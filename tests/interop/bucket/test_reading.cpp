// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <regctl/base/stream.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace regctl;
using test::BucketFixture;
using test::error_of;
using test::failure;
using test::Keys;
using test::pattern;

namespace {

constexpr std::uint64_t k_limit_bytes = 16 * 1024 * 1024;

/// The bytes of an object from `offset` on.
std::string tail(objects::Bucket& bucket, const std::string& key, std::size_t offset,
                 std::size_t size, const std::string& etag = {}) {
  return read_text(*bucket.open(key, offset, size, etag), k_limit_bytes, key);
}

/// The answer to a GET by this URL alone.
http::Response get(http::Client& client, const http::Url& url, const http::Headers& headers = {}) {
  http::Request request;
  request.url = url;
  request.headers = headers;
  return client.send(request);
}

} // namespace

TEST_SUITE_BEGIN("bucket/reading");

TEST_CASE_FIXTURE(BucketFixture, "an object is described by size, ETag and the server's time") {
  const auto etag = bucket.put(key("k"), "hello world");
  CHECK(etag == "5eb63bbbe01eeed093cb22bb8f5acdc3"); // its MD5
  const auto found = bucket.find(key("k"));
  REQUIRE(found);
  CHECK(found->key == key("k"));
  CHECK(found->size_bytes == 11);
  CHECK(found->etag == *etag);
  const auto now = std::chrono::system_clock::now();
  CHECK(found->changed > now - std::chrono::hours(1));
  CHECK(found->changed < now + std::chrono::hours(1));
  CHECK_FALSE(bucket.find(key("other")));
}

TEST_CASE_FIXTURE(BucketFixture, "a small object is read whole, or not at all") {
  bucket.put(key("k"), "text");
  bucket.put(key("empty"), "");
  CHECK(bucket.read(key("k"), 4) == "text");
  CHECK(bucket.read(key("empty"), 4) == "");
  CHECK_FALSE(bucket.read(key("other"), 4));
  CHECK(failure([&] { bucket.read(key("k"), 3); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(BucketFixture, "an object is read from any byte on") {
  const auto bytes = pattern(300'000);
  const auto etag = bucket.put(key("k"), bytes).value();
  for (const auto offset : std::vector<std::size_t>{0, 1, 123'456, 299'999, 300'000}) {
    CAPTURE(offset);
    CHECK(tail(bucket, key("k"), offset, bytes.size() - offset) == bytes.substr(offset));
    CHECK(tail(bucket, key("k"), offset, bytes.size() - offset, etag) == bytes.substr(offset));
  }
  bucket.put(key("empty"), "");
  CHECK(tail(bucket, key("empty"), 0, 0).empty());
}

TEST_CASE_FIXTURE(BucketFixture, "an object that was replaced, or is gone, is not read") {
  const auto etag = bucket.put(key("k"), "one").value();
  bucket.put(key("k"), "two");
  for (const auto offset : std::vector<std::size_t>{0, 1}) {
    const auto error = error_of([&] { tail(bucket, key("k"), offset, 3 - offset, etag); });
    CHECK(error.kind() == ErrorKind::integrity);
    CHECK(error.message() == bucket.describe(key("k")) + " was replaced while it was read");
  }
  CHECK(failure([&] { tail(bucket, key("gone"), 0, 3); }) == ErrorKind::not_found);
}

TEST_CASE_FIXTURE(BucketFixture, "a part beyond the end of an object is an error") {
  bucket.put(key("k"), "short");
  CHECK(failure([&] { tail(bucket, key("k"), 10, 5); }) == ErrorKind::protocol);
  CHECK(failure([&] { tail(bucket, key("k"), 2, 5); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(BucketFixture, "keys may have any characters") {
  for (const std::string name :
       {"team/deep%2Fname/tag_a+b c~é*=&", "a//b", "%2E%2E/x", "q?x=1#y", "<&>'\"", "\\ |^`{}[]"}) {
    CAPTURE(name);
    const auto odd = key("odd/" + name);
    bucket.put(odd, name);
    CHECK(bucket.find(odd)->key == odd);
    CHECK(bucket.read(odd, 100) == name);
    CHECK(tail(bucket, odd, 1, name.size() - 1) == name.substr(1));
    CHECK(keys() == Keys{odd});
    bucket.copy(bucket, bucket.find(odd).value(), odd + " copy");
    CHECK(bucket.read(odd + " copy", 100) == name);
    bucket.remove(odd);
    bucket.remove_all({odd + " copy"});
    CHECK(keys().empty());
  }
}

TEST_CASE_FIXTURE(BucketFixture,
                  "a presigned URL is good for an object without a key, for a time") {
  const auto odd = key("tag_a+b c~é*=&");
  bucket.put(odd, "hello world");
  const auto presigned = http::Url::parse(bucket.presign(odd, std::chrono::minutes(5)));
  auto response = get(client, presigned);
  CHECK(response.status == 200);
  CHECK(http::read_body(response, 100) == "hello world");
  response = get(client, presigned, {{"Range", "bytes=6-"}});
  CHECK(response.status == 206);
  CHECK(http::read_body(response, 100) == "world");
  auto other = presigned;
  const auto question = other.target.find('?');
  other.target.insert(question, "x");
  CHECK(get(client, other).status == 403);
  other.target = presigned.target.substr(0, question);
  CHECK(get(client, other).status == 403);
  auto options = test::options_at(test::site().endpoint);
  options.now = [] { return std::chrono::system_clock::now() - std::chrono::hours(1); };
  const auto expired = objects::Bucket(client, options).presign(odd, std::chrono::minutes(5));
  CHECK(get(client, http::Url::parse(expired)).status == 403);
}

TEST_CASE_FIXTURE(BucketFixture, "the server's time is known after its first answer") {
  auto options = test::options_at(test::site().endpoint);
  const auto wrong = std::chrono::minutes(10); // which the server still takes
  options.now = [=] { return std::chrono::system_clock::now() + wrong; };
  objects::Bucket ahead(client, options);
  CHECK(ahead.server_time() > std::chrono::system_clock::now() + wrong / 2);
  CHECK_FALSE(ahead.find(key("k")));
  CHECK(ahead.server_time() < std::chrono::system_clock::now() + wrong / 2);
}

TEST_SUITE_END();
