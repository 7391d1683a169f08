// SPDX-License-Identifier: Apache-2.0
#include "interop/bucket/fixture.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/hash.hpp>

#include <chrono>
#include <stdexcept>

namespace regctl::test {

namespace {

std::string setting(const std::string& name) {
  const auto value = process_environment(name);
  if (!value) {
    throw std::runtime_error(name + " is not set: this program is started by "
                                    "tests/interop/test_bucket.py");
  }
  return *value;
}

} // namespace

const Site& site() {
  static const Site found = {
      setting("AWS_ENDPOINT_URL"), setting("REGCTL_TEST_PROXY"), setting("REGCTL_TEST_BUCKET"),
      http::AwsKey{setting("AWS_ACCESS_KEY_ID"), http::Secret(setting("AWS_SECRET_ACCESS_KEY")),
                   http::Secret()}};
  return found;
}

objects::BucketOptions options_at(const std::string& endpoint) {
  objects::BucketOptions options;
  options.endpoint = http::Url::parse(endpoint);
  options.name = site().bucket;
  options.key = [] { return site().key; };
  return options;
}

std::string pattern(std::size_t size) {
  std::string bytes;
  bytes.reserve(size + 64);
  for (std::size_t i = 0; bytes.size() < size; ++i) {
    bytes += std::to_string(i * 2'654'435'761);
  }
  bytes.resize(size);
  return bytes;
}

http::ClientOptions BucketFixture::quick() {
  http::ClientOptions options;
  options.retries = 3;
  options.retry_delay = std::chrono::milliseconds(1);
  options.note = [this](const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    notes_ += sentence + "\n";
  };
  return options;
}

BucketFixture::BucketFixture()
    : prefix(random_hex(8) + "/"), client(quick()), bucket(client, options_at(site().endpoint)) {}

Keys BucketFixture::keys_in(objects::Bucket& where) const {
  Keys found;
  where.list(prefix, {[&](const objects::ObjectInfo& object) { found.push_back(object.key); }});
  return found;
}

Keys BucketFixture::uploads() {
  Keys found;
  bucket.list_uploads(prefix, [&](const objects::Bucket::OpenUpload& upload) {
    found.push_back(upload.key + " " + upload.id);
  });
  return found;
}

std::string BucketFixture::notes() {
  const std::lock_guard lock(mutex_);
  return notes_;
}

ProxiedFixture::ProxiedFixture() : proxied(client, options_at(site().proxy)) {
  forget();
}

std::string ProxiedFixture::steer(const std::string& target) {
  http::Request request;
  request.method = http::Method::post;
  request.url = http::Url::parse(site().proxy + target);
  request.body = http::text_body("");
  request.repeat = http::Repeat::never;
  auto response = client.send(request);
  if (!http::is_success(response.status)) {
    throw std::runtime_error("the proxy does not take " + target);
  }
  return http::read_body(response, k_listing_limit_bytes);
}

void ProxiedFixture::fault(const Json& rule) {
  steer("/_fault" + http::aws_query({{"rule", rule.dump()}}));
}

void ProxiedFixture::wait_for_stalled() {
  steer("/_stalled");
}

void ProxiedFixture::release() {
  steer("/_release");
}

void ProxiedFixture::forget() {
  steer("/_forget");
}

std::vector<Json> ProxiedFixture::requests(const std::string& method) {
  std::vector<Json> found;
  for (const auto& request : parse_json(steer("/_requests"), "the proxy's list")) {
    if (method.empty() || request.at("method") == method) {
      found.push_back(request);
    }
  }
  return found;
}

std::vector<int> ProxiedFixture::statuses(const std::string& method) {
  std::vector<int> found;
  for (const auto& request : requests(method)) {
    const auto& status = request.at("status");
    found.push_back(status.is_null() ? 0 : status.get<int>());
  }
  return found;
}

} // namespace regctl::test
