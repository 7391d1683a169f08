// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

using namespace regctl;
using objects::ObjectInfo;
using test::Keys;
using test::ProxiedFixture;

namespace {

constexpr std::size_t k_threads = 16;
constexpr std::size_t k_count = 1100; // a page has 1000

/// "0007".
std::string number(std::size_t i) {
  const auto digits = std::to_string(i);
  return std::string(4 - digits.size(), '0') + digits;
}

} // namespace

TEST_SUITE_BEGIN("bucket/listing");

TEST_CASE_FIXTURE(ProxiedFixture,
                  "more keys than a page has are listed in order, in ranges too, and removed") {
  Keys expected;
  for (std::size_t i = 0; i < k_count; ++i) {
    expected.push_back(key(number(i) + "/k"));
  }
  run_parallel(k_threads, k_count, [&](std::size_t i) { bucket.put(expected[i], ""); });
  bucket.put(key("top"), "");

  Keys found;
  Keys prefixes;
  const auto on_object = [&](const ObjectInfo& object) { found.push_back(object.key); };
  const auto on_prefix = [&](const std::string& below) { prefixes.push_back(below + "k"); };
  proxied.list(prefix, {on_object, on_prefix});
  CHECK(prefixes == expected);
  CHECK(found == Keys{key("top")});
  CHECK(statuses().size() >= 2); // Ceph's pages have 1000 entries at most, and sometimes fewer

  forget();
  found.clear();
  expected.push_back(key("top"));
  proxied.list(prefix, {on_object});
  CHECK(found == expected);
  CHECK(statuses().size() >= 2);

  // A range has the keys between its ends, and goes on where it was left.
  found.clear();
  bucket.list_range(prefix, expected[10], expected[1050], {on_object});
  CHECK(found == Keys(expected.begin() + 11, expected.begin() + 1050));
  found.clear();
  const auto stop = [] { return false; };
  const auto last = bucket.list_range(prefix, expected[10], {}, {on_object, {}, stop});
  CHECK(last == found.back());
  CHECK(last < expected[1050]);
  CHECK(bucket.list_range(prefix, last, {}, {on_object}).empty());
  CHECK(found == Keys(expected.begin() + 11, expected.end()));

  forget();
  proxied.remove_all(expected);
  CHECK(statuses() == std::vector{200, 200});
  CHECK(keys().empty());
}

TEST_CASE_FIXTURE(ProxiedFixture, "a listing tells what find() tells of an object") {
  bucket.put(key("k"), "hello world");
  const auto expected = bucket.find(key("k")).value();
  CHECK(bucket.has_any(prefix));
  std::size_t count = 0;
  bucket.list(key("k"), {[&](const ObjectInfo& object) {
                ++count;
                CHECK(object.key == expected.key);
                CHECK(object.size_bytes == expected.size_bytes);
                CHECK(object.etag == expected.etag);
                CHECK(object.changed == expected.changed);
              }});
  CHECK(count == 1);
}

TEST_CASE_FIXTURE(ProxiedFixture, "where nothing is, nothing is listed") {
  CHECK_FALSE(bucket.has_any(prefix));
  CHECK(keys().empty());
  CHECK(uploads().empty());
}

TEST_CASE_FIXTURE(ProxiedFixture, "more open uploads than a page has are listed, also of one key") {
  Keys expected(k_count);
  run_parallel(k_threads, k_count, [&](std::size_t i) {
    const auto of = key(number(i / 2)); // two each
    expected[i] = of + " " + bucket.start_upload(of);
  });
  Keys found;
  proxied.list_uploads(prefix, [&](const objects::Bucket::OpenUpload& upload) {
    found.push_back(upload.key + " " + upload.id);
  });
  CHECK(statuses().size() >= 2);
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  CHECK(found == expected);
  run_parallel(k_threads, k_count, [&](std::size_t i) {
    const auto space = found[i].rfind(' ');
    bucket.abort_upload(found[i].substr(0, space), found[i].substr(space + 1));
  });
  CHECK(uploads().empty());
}

TEST_SUITE_END();
