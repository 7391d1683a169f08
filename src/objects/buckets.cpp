// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "objects/object_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/place.hpp>
#include <regctl/objects/buckets.hpp>

#include <utility>

namespace regctl::objects {

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

Buckets::Buckets(http::Transport& transport, Environment environment,
                 std::function<void(const std::string&)> note, Usual usual)
    : transport_(transport), environment_(environment), note_(note), usual_(std::move(usual)),
      credentials_(transport, {.environment = std::move(environment), .note = std::move(note)}) {}

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
    bucket = std::make_shared<Bucket>(transport_, options_for(name, settings_of(name)));
  }
  return bucket;
}

BucketSettings Buckets::settings_of(const std::string& name) const {
  const auto own = settings_.find(name);
  if (own != settings_.end()) {
    return own->second;
  }
  const auto usual = usual_ ? usual_() : std::nullopt;
  return usual.value_or(BucketSettings());
}

BucketOptions Buckets::options_for(const std::string& name, const BucketSettings& own) {
  constexpr std::string_view k_first_region = "us-east-1"; // it answers for those of all others
  const auto& user = user_settings();
  BucketOptions options;
  options.name = name;
  options.encrypt = own.encrypt;
  options.region = !own.region.empty()    ? own.region
                   : !user.region.empty() ? user.region
                                          : std::string(k_first_region);
  const auto endpoint = own.endpoint ? own.endpoint : user.endpoint;
  options.endpoint = endpoint ? *endpoint : amazon_endpoint("s3", options.region);
  // Amazon's certificates are for names with one label before the region's.
  const bool is_amazon = !endpoint && name.find('.') == std::string::npos;
  const auto usual = is_amazon ? Addressing::virtual_host : Addressing::path;
  options.addressing = own.addressing ? *own.addressing : user.addressing.value_or(usual);
  if (own.key && note_) {
    note_("using the key " + excerpt(own.key->id) + " of docker-registry's settings");
  }
  options.key = own.key ? std::function([key = *own.key] { return key; })
                        : std::function([this] { return credentials_.key(); });
  return options;
}

/// Read when the first bucket is opened: most commands have to do with none.
const S3Settings& Buckets::user_settings() {
  if (!user_settings_) {
    user_settings_ = find_s3_settings(environment_, own_home_folder());
  }
  return *user_settings_;
}

std::string Buckets::ca_file_for(const std::string& host_port) {
  const std::lock_guard lock(mutex_);
  if (!user_settings_ || user_settings_->ca_file.empty()) {
    return {};
  }
  for (const auto& [name, bucket] : buckets_) {
    if (bucket && bucket->is_at(host_port)) {
      return user_settings_->ca_file;
    }
  }
  return {};
}

} // namespace regctl::objects
