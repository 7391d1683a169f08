// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/formats/storage_tree.hpp>
#include <regctl/model/oci/descriptor.hpp>

#include <memory>
#include <optional>
#include <string>

namespace regctl {

/// A layer of a docker-archive.
struct DescribedLayer {
  std::string name; ///< of the entry
  ArchiveIndex::File file;
  /// Whether the bytes of the descriptor are the unpacked ones of the entry: for bzip2 and xz,
  /// which no media type tells of.
  bool is_unpacked = false;
  oci::Descriptor descriptor;
};

/// The digest that the name "blobs/sha256/HEX" promises; nothing for other names.
std::optional<oci::Digest> digest_in_name(const std::string& name);

/// Looks at the layer in the entry `name`. That of a plain tar has its diff ID as digest. That of a
/// compressed one is in its name, or is computed by reading it. Throws Error{protocol} if there is
/// no such entry.
DescribedLayer describe_layer(const ArchiveIndex& index, const std::string& name,
                              const oci::Digest& diff_id);

/// The bytes of the descriptor.
std::unique_ptr<StoredFile> open_described_layer(std::shared_ptr<const ArchiveIndex> index,
                                                 const DescribedLayer& layer);

} // namespace regctl
