// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/tree_blobs.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/oci/tree_audit.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

// The statuses of ServerAnswer.
inline constexpr int k_status_ok = 200;
inline constexpr int k_status_not_found = 404;
inline constexpr int k_status_failed = 500;

/// Whether distribution 2.8 serves such bytes as a manifest, also if they are refused here: it
/// looks at the version and the media type, not at sizes, and reads over what it does not know.
bool is_served_manifest(std::string_view bytes);

/// What is found where a repository of a storage tree should have a manifest.
struct TreeManifest {
  ServerAnswer answer = {}; ///< to GET by digest
  /// The bytes are those of the digest, or of schema 1 its payload.
  bool is_right = false;
  std::string fault = {};                     ///< why it is not as it should be; "" if it is
  std::optional<oci::Manifest> manifest = {}; ///< of a right one
  std::uint64_t size_bytes = 0;
};

/// A manifest with all that it names, as a client of distribution 2.8 sees it.
struct TreeJudgement {
  TreeState state = TreeState::sound;
  std::string detail; ///< the first fault, in words; "" if there is none
};

/// What stands in `tags` of a repository.
struct TreeTag {
  std::string name;
  bool is_folder = false;
};

/// One repository of a storage tree as it lies there, with all its damage; also one whose name is
/// illegal. Nothing is written. Not thread-safe.
class TreeRepository {
public:
  /// `blobs` must outlive it.
  TreeRepository(TreeBlobs& blobs, V2Storage::Found found)
      : blobs_(blobs), found_(std::move(found)) {}

  [[nodiscard]] const std::string& name() const noexcept { return found_.name; }
  [[nodiscard]] const V2Storage::Found& found() const noexcept { return found_; }
  [[nodiscard]] TreeBlobs& blobs() noexcept { return blobs_; }
  [[nodiscard]] const V2Storage& storage() const noexcept { return blobs_.storage(); }

  /// Everything in `tags`, in the order of bytes; nothing if there is no such folder.
  [[nodiscard]] std::optional<std::vector<TreeTag>> tags() const;

  /// The digests of all revisions that have a link, whatever is in it, in the order of bytes.
  [[nodiscard]] std::vector<oci::Digest> revisions() const;

  /// Calls `on_digest` for each folder of a link in such a folder (layers, revisions, an index).
  /// Names that are no digest are passed over.
  void for_each_link(const std::string& folder, oci::DigestAlgorithm algorithm,
                     const std::function<void(const oci::Digest&)>& on_digest) const;

  [[nodiscard]] V2Storage::Link revision(const oci::Digest& digest) const;
  [[nodiscard]] V2Storage::Link layer(const oci::Digest& digest) const;

  /// `current` of a tag. A file in the place of its folder is malformed.
  [[nodiscard]] V2Storage::Link current(const TreeTag& tag) const;

  /// Reads the manifest under a digest.
  [[nodiscard]] TreeManifest read(const oci::Digest& digest);

  /// Judges a manifest and all below it.
  TreeJudgement judge(const oci::Digest& digest);

  /// The fault of a blob that a manifest names; "" if it has none. `role` names it in words.
  [[nodiscard]] std::string blob_fault(const oci::Descriptor& blob, std::string_view role);

private:
  TreeJudgement judge(const oci::Digest& digest, std::size_t depth);
  TreeJudgement judge_parts(const oci::Manifest& manifest, std::size_t depth);

  TreeBlobs& blobs_;
  V2Storage::Found found_;
  LimitedMap<TreeJudgement> judged_{10'000}; ///< indexes may share children
};

} // namespace regctl::ops
