// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>

#include <functional>
#include <string>

namespace regctl::server {

/// One entry of a layer as docker-registry lists it.
struct LayerEntry {
  std::string name;
  std::string
      fields; ///< 'type", is_deleted, size, mtime, mode, uid, gid' as JSON, without brackets
  bool is_deleted = false;
};

/// Calls `on_entry` for each entry of an image's layer, whatever its compression; whiteouts
/// (".wh.NAME") are told as deleted under the plain name, metadata of the union file system is left
/// out. Throws Error{protocol} for what is no tar. Source: docker-registry 0.9, lib/layers.
void list_layer(const V1Storage& storage, const std::string& id,
                const std::function<void(const LayerEntry&)>& on_entry);

} // namespace regctl::server
