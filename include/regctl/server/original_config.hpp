// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/server/server.hpp>

#include <string>

namespace regctl::server {

/// What the original's settings ask for that ServerOptions does not hold.
struct OriginalSettings {
  std::string mirror_source; ///< URL, or empty
  bool verbose = false;      ///< LOGLEVEL debug
};

/// Fills `options` with what docker-registry's settings say: its config.yml (`file`, or "" for
/// none) with flavors, of which SETTINGS_FLAVOR names one ("dev" where a file is given), and values
/// "_env:NAME:default"; without a file the variables STORAGE_PATH, SEARCH_BACKEND, STANDALONE,
/// LOGLEVEL, REGISTRY_PORT, MIRROR_SOURCE and SETTINGS_FLAVOR themselves. `options.storage` is
/// empty where nothing names it.
///
/// Throws Error{unsupported} naming the setting for what this server has not (object stores, token
/// mode, CORS), with what it has as a hint; Error{usage} for a file that is not YAML or a flavor
/// that is not in it. Settings of what is not needed here (caches, mail, workers) are passed over.
OriginalSettings read_original_settings(const std::string& file, const Environment& environment,
                                        ServerOptions& options);

} // namespace regctl::server
