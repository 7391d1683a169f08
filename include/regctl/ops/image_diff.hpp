// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/config_difference.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/file_entry.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace regctl::ops {

struct ImageDiffOptions {
  /// Of an OCI index: the image for this platform; nothing for that of this machine.
  std::optional<oci::Platform> platform = {};
};

/// A layer of one image or of both: layers that unpack to the same bytes are one, whatever their
/// compression and model. Layers without entries are none.
struct ComparedLayer {
  struct Side {
    std::string name;                        ///< digest of the blob, or ID of the v1 image
    std::optional<std::uint64_t> size_bytes; ///< as it is stored, if known
  };
  std::string diff_id; ///< "sha256:" and the hex sum of the unpacked bytes
  std::optional<Side> a;
  std::optional<Side> b;
};

/// A path that differs; null where the other image alone has it. Valid during the call.
struct ComparedFile {
  const FileEntry* a = nullptr;
  const FileEntry* b = nullptr;
};

/// Receives the results on the caller's thread: members of the config by name, layers (base first,
/// those of B alone last), paths in their order.
struct ImageDiffListener {
  std::function<void(const oci::ConfigDifference& member)> on_member;
  std::function<void(const ComparedLayer& layer)> on_layer; ///< also of layers that both have
  std::function<void(const ComparedFile& file)> on_file;
};

struct ImageDiffSummary {
  std::uint64_t members = 0;
  std::uint64_t layers_shared = 0;
  std::uint64_t layers_of_a = 0; ///< that B does not have
  std::uint64_t layers_of_b = 0;
  std::uint64_t files_added = 0; ///< at B
  std::uint64_t files_removed = 0;
  std::uint64_t files_changed = 0;

  [[nodiscard]] bool is_equal() const noexcept {
    return members + layers_of_a + layers_of_b + files_added + files_removed + files_changed == 0;
  }
};

/// Whether a place names one image, not a repository or a store: it has a tag, a digest or, in a
/// docker archive or an engine, a name. OCI layouts and archives always do: they are no stores.
bool names_one_image(const Place& place) noexcept;

/// Compares two images of either model: their configs (of a v1 chain the one that a conversion
/// makes), layers and flattened file systems. Each layer is read once and verified, but nothing is
/// read of images whose layers have the same digests in the same order. Memory does not depend on
/// sizes and numbers of files, which are sorted in a temporary file under $TMPDIR.
///
/// Throws Error{not_found} for an image, a platform or a layer that is not there; Error{integrity}
/// for a damaged layer; Error{unsupported} for artifacts, manifests of schema 1 and sparse files;
/// Error{protocol} for a layer that is no tar, and for a hard link whose target is no file.
ImageDiffSummary diff_images(Session& session, const Place& a, const Place& b,
                             const ImageDiffOptions& options, const ImageDiffListener& listener);

} // namespace regctl::ops
