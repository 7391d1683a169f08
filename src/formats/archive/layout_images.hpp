// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/oci_layout/layout_files.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// The images of an archive's OCI layout by their configs. Not thread-safe. It is for archives that
/// list their images by configs too, in manifest.json. Docker since version 25 and containerd write
/// both.
class LayoutImages {
public:
  /// Reads index.json and the indexes and manifests that it names. A layout that is missing or
  /// wrong has no images: manifest.json is enough to read an archive. `files` must outlive this.
  explicit LayoutImages(const LayoutFiles& files);

  /// An image with that config.
  struct Found {
    const oci::NamedManifest* entry = nullptr; ///< of index.json
    /// The manifest of the entry, perhaps an index, if all that it refers to is in the archive;
    /// else the image's manifest, on the same condition.
    std::optional<oci::Descriptor> whole;
  };

  /// The image with that config; of several one with a name of `names`, or else the first one.
  /// Without `names` one for each entry that has such an image. Empty if there is none.
  [[nodiscard]] std::vector<Found> find(const oci::Digest& config,
                                        const std::vector<std::string>& names) const;

private:
  struct Image {
    std::size_t entry = 0;
    oci::Descriptor manifest;
  };

  void read(std::size_t entry, const oci::Descriptor& manifest, std::size_t depth);
  [[nodiscard]] Found describe(const Image& image) const;
  [[nodiscard]] bool is_whole(const oci::Descriptor& manifest, std::size_t depth) const;
  [[nodiscard]] bool has(const oci::Descriptor& blob) const;
  [[nodiscard]] std::optional<oci::Manifest> parse(const oci::Descriptor& manifest) const;

  const LayoutFiles& files_;
  std::optional<LayoutIndex> index_;
  std::multimap<oci::Digest, Image> images_; ///< by config, in the order of index.json
  std::size_t count_ = 0;                    ///< of the manifests that were read
  std::uint64_t read_bytes_ = 0;
  mutable std::map<oci::Digest, bool> whole_; ///< manifests that were looked at by is_whole()
};

} // namespace regctl
