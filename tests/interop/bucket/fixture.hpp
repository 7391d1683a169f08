// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/failure.hpp"

#include <regctl/base/json.hpp>
#include <regctl/http/client.hpp>
#include <regctl/objects/bucket.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace regctl::test {

/// A bucket of a real S3 server, and a proxy before that server (tests/support/s3_proxy.py).
struct Site {
  std::string endpoint; ///< of the server, "http://127.0.0.1:PORT"
  std::string proxy;    ///< the endpoint that leads through the proxy
  std::string bucket;
  http::AwsKey key;
};

/// The site that tests/interop/test_bucket.py names by environment variables. Throws
/// std::runtime_error without them.
const Site& site();

/// Options for the site's bucket at one of its endpoints.
objects::BucketOptions options_at(const std::string& endpoint);

/// `size` bytes of which no thousand repeats.
std::string pattern(std::size_t size);

using Keys = std::vector<std::string>;

/// A client that repeats failed requests at once, the bucket, and keys that no other test has.
struct BucketFixture {
  BucketFixture();

  [[nodiscard]] std::string key(const std::string& name) const { return prefix + name; }

  /// All keys of this test.
  Keys keys() { return keys_in(bucket); }
  /// "KEY ID" of each upload of this test that is open.
  Keys uploads();

  std::string notes();

  std::string prefix;
  http::Client client;
  objects::Bucket bucket;

protected:
  Keys keys_in(objects::Bucket& where) const;

private:
  http::ClientOptions quick();

  std::mutex mutex_; ///< guards the member below
  std::string notes_;
};

/// The same with the proxy, which has no faults to begin with.
struct ProxiedFixture : BucketFixture {
  ProxiedFixture();

  /// Makes the proxy misbehave. `rule` is that of Fault in tests/support/s3_proxy.py.
  void fault(const Json& rule);
  /// Waits until a request is stalled.
  void wait_for_stalled();
  void release();
  /// Makes the proxy forget all faults and requests.
  void forget();

  /// The requests that the proxy has seen, in their order; those with `method`, if that is given.
  std::vector<Json> requests(const std::string& method = {});
  /// Their answers; 0 stands for one that was cut.
  std::vector<int> statuses(const std::string& method = {});

  /// All keys of this test, as the proxy lets them be listed.
  Keys listed() { return keys_in(proxied); }

  objects::Bucket proxied;

private:
  std::string steer(const std::string& target);
};

} // namespace regctl::test
