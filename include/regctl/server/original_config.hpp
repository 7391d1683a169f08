// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/objects/buckets.hpp>
#include <regctl/server/server.hpp>

#include <optional>
#include <string>

namespace regctl::server {

/// Settings of the original that ServerOptions does not have.
struct OriginalSettings {
  std::string mirror_source; ///< URL, or empty
  bool verbose = false;      ///< LOGLEVEL debug
};

/// Fills `options` from docker-registry's settings. They come from its config.yml (`file`), with
/// flavors, one of which SETTINGS_FLAVOR selects ("dev" by default), and values like
/// "_env:NAME:default". With "" as `file` they come from the variables STORAGE_PATH,
/// SEARCH_BACKEND, STANDALONE, LOGLEVEL, REGISTRY_PORT, MIRROR_SOURCE, STORAGE_REDIRECT and
/// SETTINGS_FLAVOR, which selects the storage, and those of that: AWS_*, GCS_*, OSS_*, OS_*.
/// `options.storage` is empty if no setting names it.
///
/// Throws Error{unsupported} naming a setting that this server does not have (other object stores,
/// token mode, CORS), with its nearest counterpart as a hint. Throws Error{usage} for a file that
/// is not YAML and for an unknown flavor. Settings without any effect here (caches, mail, workers)
/// are ignored.
OriginalSettings read_original_settings(const std::string& file, const Environment& environment,
                                        ServerOptions& options);

/// Where buckets are by the environment of an old installation, for commands that work on its
/// bucket: by the variables of the flavor that SETTINGS_FLAVOR names. Without one, those of s3
/// count if AWS_HOST is set, and no AWS_ENDPOINT_URL. Nothing if there are none, and for flavors
/// that have no bucket. Throws Error{usage} for half a key and for malformed settings.
std::optional<objects::BucketSettings> find_original_bucket(const Environment& environment);

} // namespace regctl::server
