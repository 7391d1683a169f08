// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace regctl;
using objects::Bucket;
using test::BucketFixture;
using test::error_of;
using test::Keys;
using test::pattern;

TEST_SUITE_BEGIN("bucket/writing");

TEST_CASE_FIXTURE(BucketFixture, "an object is replaced by the next one with its key") {
  bucket.put(key("k"), "one");
  bucket.put(key("k"), "two");
  CHECK(bucket.read(key("k"), 10) == "two");
  const auto bytes = pattern(2'000'000);
  bucket.put(key("k"), bytes);
  CHECK(bucket.read(key("k"), bytes.size()) == bytes);
}

TEST_CASE_FIXTURE(BucketFixture, "of many that write an object on condition, one is the first") {
  constexpr std::size_t k_writers = 16;
  std::vector<std::optional<std::string>> etags(k_writers);
  std::vector<std::thread> writers;
  for (std::size_t i = 0; i < k_writers; ++i) {
    writers.emplace_back([&, i] {
      etags[i] = bucket.put(key("k"), "writer " + std::to_string(i), Bucket::Condition::absent);
    });
  }
  for (auto& writer : writers) {
    writer.join();
  }
  const auto first =
      std::find_if(etags.begin(), etags.end(), [](const auto& etag) { return etag.has_value(); });
  REQUIRE(first != etags.end());
  CHECK(std::count(etags.begin(), etags.end(), std::nullopt) == k_writers - 1);
  CHECK(bucket.read(key("k"), 100) == "writer " + std::to_string(first - etags.begin()));
  CHECK(bucket.find(key("k"))->etag == **first);
}

TEST_CASE_FIXTURE(BucketFixture, "an object is copied within the bucket") {
  const auto bytes = pattern(1'000'000);
  bucket.put(key("from"), bytes);
  bucket.put(key("to"), "old");
  const auto from = bucket.find(key("from")).value();
  bucket.copy(bucket, from, key("to"));
  CHECK(bucket.read(key("to"), bytes.size()) == bytes);
  CHECK(bucket.read(key("from"), bytes.size()) == bytes);
  const auto error = error_of([&] { bucket.copy(bucket, {key("none"), 1, "", {}}, key("to")); });
  CHECK(error.kind() == ErrorKind::not_found);
  CHECK(error.frames().at(0).find(bucket.describe(key("none"))) != std::string::npos);
}

TEST_CASE_FIXTURE(BucketFixture, "a copy is of the object that was found") {
  bucket.put(key("from"), "first");
  bucket.put(key("to"), "old");
  const auto from = bucket.find(key("from")).value();
  bucket.put(key("from"), "other");
  const auto error = error_of([&] { bucket.copy(bucket, from, key("to")); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK_FALSE(bucket.find(key("to"))); // Ceph 16 copies it all the same
}

TEST_CASE_FIXTURE(BucketFixture, "what is not there need not be removed") {
  bucket.put(key("a"), "");
  bucket.put(key("b"), "");
  bucket.remove(key("a"));
  bucket.remove(key("a"));
  CHECK(keys() == Keys{key("b")});
  bucket.remove_all({key("a"), key("b"), key("c")});
  CHECK(keys().empty());
}

TEST_SUITE_END();
