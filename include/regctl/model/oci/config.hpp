// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/platform.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

/// One step of an image's making.
struct HistoryEntry {
  std::string created; ///< RFC 3339 or empty
  std::string created_by;
  std::string author;
  std::string comment;
  bool is_empty_layer = false;
};

/// The config of an image, as far as commands show it. The bytes of a config are never printed
/// anew. Source: OCI image-spec 1.1, config.md.
struct Config {
  Platform platform;
  std::string created; ///< RFC 3339 or empty
  std::string author;
  std::string user;
  std::string working_dir;
  std::string stop_signal;
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::vector<std::string> environment;   ///< "NAME=VALUE"
  std::vector<std::string> exposed_ports; ///< "80/tcp"
  std::vector<std::string> volumes;
  std::map<std::string, std::string> labels;
  std::vector<Digest> diff_ids; ///< of the unpacked layers, base first
  std::vector<HistoryEntry> history;

  /// Reads a config; members that only are shown may be of any type, and are left out then. `what`
  /// names it in errors. Throws Error{protocol} for text that is no JSON object, and for diff_ids
  /// that are no digests.
  static Config parse(std::string_view bytes, const std::string& what);
};

} // namespace regctl::oci
