// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/server/server.hpp>

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

} // namespace regctl::server
