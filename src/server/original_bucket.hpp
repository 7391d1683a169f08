// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/original_values.hpp"

#include <regctl/server/server.hpp>

#include <string>

namespace regctl::server {

/// Whether docker-registry's storage of this name keeps images in a bucket that S3's protocol
/// reaches: "s3", "gcs", "alioss", "swift".
bool is_bucket_storage(const std::string& storage);

/// What holds if a setting of S3 is missing.
enum class S3Defaults {
  amazon, ///< https, and encrypted by the server
  ceph,   ///< http, and not
};

/// Where the bucket of such a storage is, by its settings, and its key. Throws as
/// read_original_bucket().
objects::BucketSettings read_bucket_settings(const std::string& storage,
                                             const OriginalValues& values, S3Defaults defaults);

/// Fills `options.storage` ("s3://BUCKET/PREFIX") and `options.bucket` from the settings of such a
/// storage; `path` is its storage_path. Throws Error{usage} if a setting is missing or malformed,
/// Error{unsupported} for OAuth.
///
/// Source: docker-registry 0.9.1, config_sample.yml and drivers/s3.py with boto 2.34; its drivers
/// for Google's, Aliyun's and Swift's storage keep the same keys.
void read_original_bucket(const std::string& storage, const std::string& path,
                          const OriginalValues& values, S3Defaults defaults,
                          ServerOptions& options);

/// What can be done about storage that no protocol of ours reaches; "" if the name is not known.
std::string hint_for_storage(const std::string& storage);

} // namespace regctl::server
