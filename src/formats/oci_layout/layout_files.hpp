// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/oci_layout/layout_index.hpp"

#include <regctl/base/stream.hpp>
#include <regctl/formats/storage_tree.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// The files of an OCI layout, in a folder or in an archive. Thread-safe.
class LayoutFiles {
public:
  LayoutFiles() = default;
  LayoutFiles(const LayoutFiles&) = delete;
  LayoutFiles& operator=(const LayoutFiles&) = delete;
  virtual ~LayoutFiles() = default;

  /// The layout as errors name it: "'DIR'".
  [[nodiscard]] virtual const std::string& what() const noexcept = 0;

  /// The file, or null. `name` has no leading "./".
  [[nodiscard]] virtual std::unique_ptr<StoredFile> find_file(const std::string& name) const = 0;
};

/// "blobs/sha256/HEX"
std::string blob_path(const oci::Digest& digest);

/// The whole of a small file; nothing if there is none. Throws Error{protocol} if it is larger than
/// `limit_bytes`.
std::optional<std::string> read_layout_file(const LayoutFiles& files, const std::string& name,
                                            std::uint64_t limit_bytes);

/// Throws Error{unsupported} for the `oci-layout` of another version than 1, Error{protocol} for
/// one that cannot be read. A missing one is passed over, as skopeo does.
void check_layout_version(const LayoutFiles& files);

/// index.json. Throws Error{not_found} if there is none.
LayoutIndex read_layout_index(const LayoutFiles& files);

// What a repository reads of a layout. All of them verify what they read.

/// Nothing if the blob is not in the layout. Throws Error{integrity} if its size is not
/// `manifest.size_bytes`.
std::optional<oci::Document> read_layout_manifest(const LayoutFiles& files,
                                                  const oci::Descriptor& manifest);

/// The manifest of that digest, whether index.json lists it or not.
std::optional<oci::Document>
read_layout_manifest(const LayoutFiles& files, const LayoutIndex& index, const oci::Digest& digest);

/// Media type, digest and size without reading more than is needed for that.
std::optional<oci::Descriptor>
find_layout_manifest(const LayoutFiles& files, const LayoutIndex& index, const oci::Digest& digest);

/// The digest of a tag or of any other name; nothing if there is no such name. Throws
/// Error{not_found} if its manifest is not in the layout.
std::optional<oci::Digest> find_layout_digest(const LayoutFiles& files, const LayoutIndex& index,
                                              const oci::ManifestName& name);

std::unique_ptr<Source> open_layout_blob(const LayoutFiles& files, const oci::Descriptor& blob);

/// The manifests of index.json that have a subject, by it. Of a manifest that is not there or
/// cannot be read, whatever reads it says so.
std::map<oci::Digest, std::vector<oci::Descriptor>> read_layout_referrers(const LayoutFiles& files,
                                                                          const LayoutIndex& index);

/// Adds to `referrers` those of `more` that it lacks.
void add_referrers(const std::vector<oci::Descriptor>& more,
                   std::vector<oci::Descriptor>& referrers);

/// Adds those that the index `list` names; whatever else it is adds none.
void add_listed_referrers(const LayoutFiles& files, const oci::Digest& list,
                          std::vector<oci::Descriptor>& referrers);

} // namespace regctl
