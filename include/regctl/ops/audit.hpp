// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/quantity.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/places/scope.hpp>
#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The result of an audit for an image or a tag, in ascending order of severity. A tag gets the
/// worst verdict of all images in its chain.
enum class Verdict : std::uint8_t {
  sound,
  orphan,           ///< no tag reaches the image
  old_checksum,     ///< the checksum is recorded as a bare string; the content is sound
  ancestry_missing, ///< not recorded, but the images' parents show it
  ancestry_wrong,   ///< differs from the images' parents
  dead_upload,      ///< never completed, or under way
  unreadable,       ///< the store fails when asked for the image
  checksum_wrong,   ///< of the JSON and the layer; found only by reading layers
  layer_damaged,    ///< no checksum is recorded, but the layer cannot be unpacked; found only by
                    ///< reading layers
  layer_cut, ///< the layer's data end too early; found only by reading layers, unless the layer is
             ///< empty
  layer_missing,    ///< of a v1 image, or a blob that an OCI manifest names
  size_wrong,       ///< a blob has another size than its manifest says
  json_damaged,     ///< not JSON, or the JSON of another image; a manifest that cannot be parsed
  parent_loop,      ///< the parents form a loop, or the chain has more than k_max_chain images
  parent_missing,   ///< the parent image is not there
  manifest_missing, ///< one that an OCI index names
  nowhere,          ///< the tag cannot be read, or its image is not there
};

/// The verdict in words, for people and scripts: "sound", "layer cut short".
std::string_view to_string(Verdict verdict) noexcept;

struct AuditOptions {
  bool deep = false; ///< read every layer
};

struct AuditedTag {
  std::string repository; ///< "team/app"
  std::string tag;
  std::optional<std::string> id; ///< nothing for a tag that cannot be read
  Verdict verdict = Verdict::sound;
  bool is_damaged = false;   ///< the tag cannot be pulled as it was pushed
  std::string at_fault = {}; ///< ID of the image at fault; "" if it is the tag itself
  std::string detail = {};   ///< a short explanation, or ""
  std::optional<std::uint64_t> size_bytes = {}; ///< of all layers of the chain; nothing if unknown
};

/// A v1 image; or of OCI images each manifest and each blob.
struct AuditedImage {
  std::string id; ///< or the digest
  Verdict verdict = Verdict::sound;
  bool is_damaged = false;
  std::string detail;
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing without a layer or a known size
  std::string repository; ///< the first with a tag that reaches the image; "" if none
  bool is_shared = false; ///< tags of other repositories reach it too
  /// Time of the last change of the upload; only for dead uploads in a storage tree.
  std::optional<std::chrono::system_clock::time_point> changed;
};

/// Whether `regctl repair` can mend the image. For a dead upload this is known only after a deep
/// audit.
bool is_mendable(const AuditedImage& image) noexcept;

struct AuditedRepository {
  std::string name;
  std::uint64_t tags = 0;
  std::uint64_t damaged_tags = 0;
  SizeSum size; ///< of the layers that its tags reach, each counted once
  /// The layers in `size` that other repositories reach too, and those that would be free without
  /// this repository. Nothing if only one repository was audited, or one could not be.
  std::optional<SizeSum> shared;
  std::optional<SizeSum> freed;
  /// Why its tags could not be read, so that nothing is known about it; null otherwise.
  std::exception_ptr problem;
};

struct AuditSummary {
  struct Count {
    std::uint64_t number = 0;
    SizeSum size; ///< for images: their own layers; for tags: 0
  };
  std::string place;
  bool is_deep = false;
  bool sees_orphans = false; ///< all images were seen, not only those that tags reach
  bool has_blobs = false;    ///< the images are OCI manifests and blobs
  std::uint64_t repositories = 0;
  std::map<Verdict, Count> tags;
  std::map<Verdict, Count> images;
  std::uint64_t damaged_tags = 0;
  std::uint64_t damaged_images = 0;
  Problems problems;             ///< repositories of a registry that could not be audited
  std::optional<SizeSum> shared; ///< of layers that several repositories reach

  [[nodiscard]] bool is_damaged() const noexcept { return damaged_tags + damaged_images > 0; }
};

/// Receives the results on the caller's thread, in this order. Tags and images come worst first,
/// then by name; repositories by the bytes that they would free, most first.
struct AuditListener {
  std::function<void(const AuditedTag&)> on_tag;
  std::function<void(const AuditedImage&)> on_image;
  std::function<void(const AuditedRepository&)> on_repository;
  std::function<void(const AuditSummary&)> on_summary;
};

/// Judges every tag and image of a registry, without changing anything. Images that no tag reaches
/// are not visible at a registry.
///
/// A tag is damaged if an image of its chain is missing or not whole. An image is damaged if it
/// looks complete but is not: pulls fail then, and pushes skip it. Facts that follow from other
/// data (ancestry, an old checksum) are no damage; nor is a dead upload that no tag reaches.
///
/// Of a registry of protocol v2, and of other places of OCI images, the manifests and blobs below
/// each tag are judged: whether they are there, have the size that the manifest says, and with
/// `deep` the bytes of their digest.
///
/// If a repository's tags cannot be read, it is reported and the others are audited. Memory: see
/// regctl-audit(1). Throws Error{unsupported} if repositories cannot be listed, and
/// Error{unavailable} or Error{denied} if the registry stops answering for images: an unknown state
/// is never reported as sound.
void audit(Session& session, const RegistryHost& host, const AuditOptions& options,
           const AuditListener& listener);

/// Audits a whole v1 storage tree, one repository or tag in it or at a registry, or a layout of OCI
/// images. Throws Error{not_found} for a missing repository or tag, Error{unsupported} for other
/// places.
void audit(Session& session, const Place& place, const AuditOptions& options,
           const AuditListener& listener);

} // namespace regctl::ops
