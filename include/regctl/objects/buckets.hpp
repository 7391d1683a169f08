// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/formats/storage_tree.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/objects/bucket.hpp>
#include <regctl/objects/credentials.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// "s3://BUCKET[/PREFIX]".
struct BucketPath {
  std::string bucket;
  std::string prefix; ///< without slashes at its ends; empty: the whole bucket

  /// Throws Error{usage} for a text of another form.
  static BucketPath parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

/// Where a bucket is, and its key, if the user's settings for all buckets do not hold.
struct BucketSettings {
  std::optional<http::Url> endpoint; ///< nothing: the user's settings, else Amazon's
  std::string region;                ///< empty: the user's settings, else us-east-1
  std::optional<Addressing> addressing;
  bool encrypt = false;
  std::optional<http::AwsKey> key; ///< nothing: it is looked for
};

/// The buckets of one run. Each is opened once, so that its region is looked for once. Thread-safe.
class Buckets {
public:
  /// The settings of buckets that have none of their own; nothing: the standard ones. Called when
  /// such a bucket is opened.
  using Usual = std::function<std::optional<BucketSettings>()>;

  /// `transport` must outlive it, and all that it opens. `note` is told which key is used, without
  /// its secret; called from any thread.
  Buckets(http::Transport& transport, Environment environment,
          std::function<void(const std::string&)> note = {}, Usual usual = {});

  /// Settings for one bucket. To be called before it is opened.
  void configure(const std::string& bucket, BucketSettings settings);

  /// Opens the storage tree at "s3://BUCKET[/PREFIX]" (open_bucket_tree). Throws Error{usage} for
  /// settings that are wrong, Error{denied} where there are no credentials.
  std::unique_ptr<StorageTree> open_tree(std::string_view path);

  /// The file of authorities that the user wants for the host of a bucket (Bucket::is_at()); "" for
  /// other hosts.
  [[nodiscard]] std::string ca_file_for(const std::string& host_port);

private:
  const S3Settings& user_settings();
  std::shared_ptr<Bucket> open_bucket(const std::string& name);
  [[nodiscard]] BucketSettings settings_of(const std::string& name) const;
  BucketOptions options_for(const std::string& name, const BucketSettings& own);

  http::Transport& transport_;
  Environment environment_;
  std::function<void(const std::string&)> note_;
  Usual usual_;
  CredentialChain credentials_;
  std::mutex mutex_; ///< guards the members below
  std::optional<S3Settings> user_settings_;
  std::map<std::string, BucketSettings> settings_;
  std::map<std::string, std::shared_ptr<Bucket>> buckets_;
};

} // namespace regctl::objects
