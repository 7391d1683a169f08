// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace regctl::server {

/// One entry of a layer as docker-registry lists it.
struct LayerEntry {
  std::string name;
  std::string
      fields; ///< 'type", is_deleted, size, mtime, mode, uid, gid' as JSON, without brackets
  bool is_deleted = false;
};

/// Called regularly during long work; throws when the client no longer wants the result.
using CheckWanted = std::function<void()>;

/// Reads the entries of an image's layer, in any compression. Whiteouts (".wh.NAME") are listed as
/// deleted under the plain name; metadata of the union file system is left out. Not thread-safe.
/// Source: docker-registry 0.9, lib/layers.
class LayerReader {
public:
  /// Throws Error{not_found} if the image has no layer.
  LayerReader(const V1Storage& storage, const std::string& id, const CheckWanted& check_wanted);
  ~LayerReader();
  LayerReader(const LayerReader&) = delete;
  LayerReader& operator=(const LayerReader&) = delete;

  /// The next entry; nothing at the end. Throws Error{protocol} for a layer that is not a tar, and
  /// like `check_wanted`.
  std::optional<LayerEntry> next();

private:
  std::unique_ptr<TarReader> tar_; // null for a layer of 0 bytes
};

} // namespace regctl::server
