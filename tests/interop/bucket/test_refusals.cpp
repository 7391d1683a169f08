// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace regctl;
using objects::Bucket;
using objects::BucketOptions;
using test::BucketFixture;
using test::error_of;
using test::failure;

namespace {

using Requests = std::vector<std::function<void(Bucket&)>>;

/// One of each kind whose answer can have a body.
Requests requests_for(const std::string& key) {
  return {
      [=](Bucket& bucket) { bucket.read(key, 10); },
      [=](Bucket& bucket) { bucket.open(key, 0, 10, "")->skip(1); },
      [=](Bucket& bucket) { bucket.put(key, "text"); },
      [=](Bucket& bucket) { bucket.put(key, "text", Bucket::Condition::absent); },
      [=](Bucket& bucket) {
        bucket.copy(bucket, {key, 1, "", {}}, key + "2");
      },
      [=](Bucket& bucket) { bucket.remove(key); },
      [=](Bucket& bucket) { bucket.remove_all({key}); },
      [=](Bucket& bucket) { bucket.list(key, {[](const objects::ObjectInfo&) {}}); },
      [=](Bucket& bucket) { bucket.list_uploads(key, [](const Bucket::OpenUpload&) {}); },
      [=](Bucket& bucket) { bucket.start_upload(key); },
      [=](Bucket& bucket) { bucket.put_part(key, "id", 1, "text"); },
      [=](Bucket& bucket) {
        bucket.complete_upload(key, "id", {{1, "etag"}}, 4);
      },
      [=](Bucket& bucket) { bucket.abort_upload(key, "id"); },
  };
}

struct RefusedFixture : BucketFixture {
  /// Each request must fail so.
  void check(ErrorKind kind, const std::string& code, const std::string& hint) {
    Bucket refused(client, options);
    for (const auto& request : requests_for(key("k"))) {
      const auto error = error_of([&] { request(refused); });
      CHECK(error.kind() == kind);
      CHECK(error.message().find(code) != std::string::npos);
      CHECK(error.hint().find(hint) != std::string::npos);
      const auto whole = error.message() + error.hint() + notes();
      CHECK(whole.find(options.key().secret.reveal()) == std::string::npos);
    }
    CHECK(keys().empty());
  }

  BucketOptions options = test::options_at(test::site().endpoint);
};

} // namespace

TEST_SUITE_BEGIN("bucket/refusals");

TEST_CASE_FIXTURE(RefusedFixture, "a wrong secret is refused") {
  options.key = [key = options.key()]() mutable {
    key.secret = http::Secret("other/secret");
    return key;
  };
  check(ErrorKind::denied, "SignatureDoesNotMatch", "check the secret key");
  CHECK(failure([&] { Bucket(client, options).find(key("k")); }) == ErrorKind::denied);
}

TEST_CASE_FIXTURE(RefusedFixture, "a key that nobody has is refused") {
  options.key = [key = options.key()]() mutable {
    key.id = "NOSUCHKEY";
    return key;
  };
  check(ErrorKind::denied, "InvalidAccessKeyId", "check the access key");
}

TEST_CASE_FIXTURE(RefusedFixture, "a clock that is wrong is named") {
  for (const auto wrong : {std::chrono::hours(1), std::chrono::hours(-1)}) {
    options.now = [=] { return std::chrono::system_clock::now() + wrong; };
    check(ErrorKind::denied, "RequestTimeTooSkewed", "clocks of this machine and of the server");
  }
}

TEST_CASE_FIXTURE(RefusedFixture, "a bucket that is not there is named by every request") {
  options.name += "-not";
  check(ErrorKind::not_found, "NoSuchBucket", "check its name");
  // An answer to HEAD cannot tell a missing bucket from a missing object.
  CHECK_FALSE(Bucket(client, options).find(key("k")));
}

TEST_SUITE_END();
