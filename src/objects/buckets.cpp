// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>
#include <regctl/objects/bucket_tree.hpp>
#include <regctl/objects/buckets.hpp>

#include <utility>

namespace regctl::objects {

namespace {

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) {
    text.remove_prefix(1);
  }
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return text;
}

} // namespace

BucketPath BucketPath::parse(std::string_view text) {
  const auto rest = is_in_bucket(text) ? text.substr(k_bucket_scheme.size()) : std::string_view();
  const auto slash = rest.find('/');
  BucketPath path{std::string(rest.substr(0, slash)), {}};
  if (slash != std::string_view::npos) {
    path.prefix = without_slashes(rest.substr(slash));
  }
  if (path.bucket.empty()) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' names no bucket",
                "write s3://BUCKET[/PREFIX]");
  }
  return path;
}

std::string BucketPath::to_string() const {
  return std::string(k_bucket_scheme) + bucket + (prefix.empty() ? "" : "/" + prefix);
}

Buckets::Buckets(http::Transport& transport, Environment environment)
    : transport_(transport), environment_(std::move(environment)) {}

std::unique_ptr<StorageTree> Buckets::open_tree(std::string_view path) {
  const auto parsed = BucketPath::parse(path);
  return open_bucket_tree(open_bucket(parsed.bucket), parsed.prefix);
}

void Buckets::configure(const std::string& bucket, BucketSettings settings) {
  const std::lock_guard lock(mutex_);
  settings_.insert_or_assign(bucket, std::move(settings));
}

std::shared_ptr<Bucket> Buckets::open_bucket(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& bucket = buckets_[name];
  if (!bucket) {
    bucket = std::make_shared<Bucket>(transport_, options_for(name, settings_[name]));
  }
  return bucket;
}

BucketOptions Buckets::options_for(const std::string& name, const BucketSettings& own) {
  BucketOptions options;
  options.name = name;
  options.encrypt = own.encrypt;
  const auto region = environment_("AWS_REGION");
  const auto endpoint = environment_("AWS_ENDPOINT_URL");
  options.region = !own.region.empty() ? own.region : region.value_or("us-east-1");
  options.endpoint =
      own.endpoint
          ? *own.endpoint
          : http::Url::parse(endpoint.value_or("https://s3." + options.region + ".amazonaws.com"));
  options.addressing = own.addressing.value_or(Addressing::path);
  if (own.key) {
    options.key = [key = *own.key] { return key; };
  } else {
    options.key = [this] {
      return http::AwsKey{environment_("AWS_ACCESS_KEY_ID").value_or(""),
                          http::Secret(environment_("AWS_SECRET_ACCESS_KEY").value_or("")),
                          http::Secret()};
    };
  }
  return options;
}

} // namespace regctl::objects
