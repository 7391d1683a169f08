// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <string>
#include <vector>

using namespace regctl;
using objects::Bucket;
using test::BucketFixture;
using test::error_of;
using test::failure;
using test::Keys;
using test::pattern;

namespace {

constexpr std::size_t k_part_bytes = 5 * 1024 * 1024; // the least that S3 takes

} // namespace

TEST_SUITE_BEGIN("bucket/uploads");

TEST_CASE_FIXTURE(BucketFixture, "an object in parts is invisible until it is complete") {
  const auto bytes = pattern(k_part_bytes + 4);
  const auto id = bucket.start_upload(key("k"));
  const std::vector<Bucket::Part> parts = {
      bucket.put_part(key("k"), id, 1, std::string_view(bytes).substr(0, k_part_bytes)),
      bucket.put_part(key("k"), id, 2, std::string_view(bytes).substr(k_part_bytes))};
  CHECK_FALSE(bucket.find(key("k")));
  CHECK(keys().empty());
  CHECK(uploads() == Keys{key("k") + " " + id});
  bucket.complete_upload(key("k"), id, parts, bytes.size());
  CHECK(bucket.find(key("k"))->size_bytes == bytes.size());
  CHECK(uploads().empty());
  constexpr std::size_t k_before = 3; // bytes of the first part
  const auto source = bucket.open(key("k"), k_part_bytes - k_before, k_before + 4, "");
  CHECK(read_text(*source, 100, "") == bytes.substr(k_part_bytes - k_before));

  SUBCASE("completed again, it is the same object") {
    bucket.complete_upload(key("k"), id, parts, bytes.size());
    CHECK(bucket.read(key("k"), bytes.size()) == bytes);
  }
  SUBCASE("its copy is the same") {
    const auto from = bucket.find(key("k")).value();
    bucket.copy(bucket, from, key("copy"));
    CHECK(bucket.read(key("copy"), bytes.size()) == bytes);
    int parts_begun = 0;
    bucket.copy(
        bucket, from, key("parts"), [&] { ++parts_begun; }, k_part_bytes);
    CHECK(parts_begun == 2);
    CHECK(bucket.read(key("parts"), bytes.size()) == bytes);
    CHECK(uploads().empty());
  }
  SUBCASE("a copy in parts that fails leaves nothing") {
    auto from = bucket.find(key("k")).value();
    const auto copy = [&] {
      bucket.copy(
          bucket, from, key("parts"), [&] { bucket.put(key("k"), bytes + "replaced"); },
          k_part_bytes);
    };
    CHECK(failure(copy) == ErrorKind::integrity);
    CHECK_FALSE(bucket.find(key("parts")));
    CHECK(uploads().empty());
  }
}

TEST_CASE_FIXTURE(BucketFixture, "an upload that is aborted leaves nothing, and takes nothing") {
  const auto id = bucket.start_upload(key("k"));
  const auto part = bucket.put_part(key("k"), id, 1, "text");
  bucket.abort_upload(key("k"), id);
  bucket.abort_upload(key("k"), id);
  CHECK(uploads().empty());
  CHECK(failure([&] { bucket.put_part(key("k"), id, 2, "text"); }) == ErrorKind::not_found);
  // Ceph 16 answers 500, "This multipart completion is already in progress", which it is not.
  CHECK_THROWS_AS(bucket.complete_upload(key("k"), id, {part}, 4), Error);
  CHECK_FALSE(bucket.find(key("k")));
}

TEST_CASE_FIXTURE(BucketFixture, "of two uploads of one object the one completed last stays") {
  const auto first = bucket.start_upload(key("k"));
  const auto second = bucket.start_upload(key("k"));
  CHECK(first != second);
  const auto one = bucket.put_part(key("k"), first, 1, "one");
  const auto two = bucket.put_part(key("k"), second, 1, "two!");
  bucket.complete_upload(key("k"), second, {two}, 4);
  CHECK(bucket.read(key("k"), 10) == "two!");
  bucket.complete_upload(key("k"), first, {one}, 3);
  CHECK(bucket.read(key("k"), 10) == "one");
  CHECK(uploads().empty());
}

TEST_CASE_FIXTURE(BucketFixture, "an object of no bytes may come in one part") {
  const auto id = bucket.start_upload(key("k"));
  bucket.complete_upload(key("k"), id, {bucket.put_part(key("k"), id, 1, "")}, 0);
  CHECK(bucket.read(key("k"), 10) == "");
}

TEST_CASE_FIXTURE(BucketFixture, "parts that do not belong together make no object") {
  const auto id = bucket.start_upload(key("k"));
  const auto small = bucket.put_part(key("k"), id, 1, "too small for a first part");
  const auto last = bucket.put_part(key("k"), id, 2, "last");
  const auto size = std::string("too small for a first part").size() + 4;
  const auto error = error_of([&] { bucket.complete_upload(key("k"), id, {small, last}, size); });
  CHECK(error.kind() == ErrorKind::protocol);
  CHECK(error.message().find("EntityTooSmall") != std::string::npos);
  const auto wrong = error_of([&] { bucket.complete_upload(key("k"), id, {{1, last.etag}}, 4); });
  CHECK(wrong.kind() == ErrorKind::protocol);
  CHECK(wrong.message().find("InvalidPart") != std::string::npos);
  CHECK_FALSE(bucket.find(key("k")));
  bucket.abort_upload(key("k"), id);
}

TEST_SUITE_END();
