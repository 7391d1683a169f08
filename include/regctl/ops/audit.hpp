// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/quantity.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/scope.hpp>
#include <regctl/ops/session.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// What is to be said of an image, or of a tag: of a tag the worst that is said of an image in its
/// chain. In the order of how bad it is.
enum class Verdict : std::uint8_t {
  sound,
  orphan,           ///< no tag reaches the image
  old_checksum,     ///< its checksum is recorded as a bare string; content sound
  ancestry_missing, ///< not recorded; the images' parents tell it
  ancestry_wrong,   ///< another than the images' parents tell
  dead_upload,      ///< its upload was never completed, or is under way
  unreadable,       ///< the store fails when it is asked for the image
  checksum_wrong,   ///< of the JSON and the layer; seen only by reading layers
  layer_damaged,    ///< no checksum tells, but it cannot be unpacked; seen only by reading layers
  layer_cut,        ///< its data end before their end; seen only by reading layers, if not empty
  layer_missing,
  json_damaged,   ///< not JSON, or another image's
  parent_loop,    ///< the parents form a loop or more than k_max_chain
  parent_missing, ///< the image below it is not there
  nowhere,        ///< a tag that cannot be read, or whose image is not there
};

/// The words that people and scripts get: "sound", "layer cut short".
std::string_view to_string(Verdict verdict) noexcept;

struct AuditOptions {
  bool deep = false; ///< read every layer
};

struct AuditedTag {
  std::string repository; ///< "team/app"
  std::string tag;
  std::optional<std::string> id; ///< nothing for a tag that cannot be read
  Verdict verdict = Verdict::sound;
  bool is_damaged = false;                 ///< it cannot be pulled as it was pushed
  std::string at_fault;                    ///< the image of the chain that the verdict is of; or ""
  std::string detail;                      ///< a few words more, or ""
  std::optional<std::uint64_t> size_bytes; ///< of all layers of the chain; nothing if not known
};

struct AuditedImage {
  std::string id;
  Verdict verdict = Verdict::sound;
  bool is_damaged = false;
  std::string detail;
  std::optional<std::uint64_t> layer_size_bytes; ///< nothing if there is no layer or none is known
  std::string repository; ///< the first of those whose tags reach it; "" if none does
  bool is_shared = false; ///< further repositories reach it
  /// When the upload last moved; of dead uploads in a storage tree.
  std::optional<std::chrono::system_clock::time_point> changed;
};

/// Whether regctl repair mends it. Of a dead upload only a deep audit tells.
bool is_mendable(const AuditedImage& image) noexcept;

struct AuditedRepository {
  std::string name;
  std::uint64_t tags = 0;
  std::uint64_t damaged_tags = 0;
  SizeSum size; ///< of the layers that it reaches, each once
  /// Of these, what other repositories reach too, and what would be free without this repository.
  /// Nothing where only one repository was looked at.
  std::optional<SizeSum> shared;
  std::optional<SizeSum> freed;
  /// Why its tags could not be read, so that nothing is known of it; or null.
  std::exception_ptr problem;
};

struct AuditSummary {
  struct Count {
    std::uint64_t number = 0;
    SizeSum size; ///< of images: their own layers; of tags: 0
  };
  std::string place;
  bool is_deep = false;
  bool sees_orphans = false; ///< all images were seen, not only what tags reach
  std::uint64_t repositories = 0;
  std::map<Verdict, Count> tags;
  std::map<Verdict, Count> images;
  std::uint64_t damaged_tags = 0;
  std::uint64_t damaged_images = 0;
  Problems problems;             ///< repositories of a registry that could not be looked at
  std::optional<SizeSum> shared; ///< of layers that several repositories reach

  [[nodiscard]] bool is_damaged() const noexcept { return damaged_tags + damaged_images > 0; }
};

/// Hears the results on the caller's thread, in this order; each list worst first, then by name;
/// repositories by what they would free, most first.
struct AuditListener {
  std::function<void(const AuditedTag&)> on_tag;
  std::function<void(const AuditedImage&)> on_image;
  std::function<void(const AuditedRepository&)> on_repository;
  std::function<void(const AuditSummary&)> on_summary;
};

/// Judges every tag and image of a registry, without changing anything. Images that no tag reaches
/// cannot be seen there.
///
/// A tag is damaged if an image of its chain is not whole or not there; an image is if it looks
/// complete and is not, so that pulls fail and pushes leave it out. What can be told from what else
/// is there (ancestry, an old checksum) is no damage, nor is a dead upload that no tag reaches.
/// A repository whose tags cannot be read is told, and the others are looked at. Memory: see
/// regctl-audit(1). Throws Error{unsupported} where repositories cannot be listed,
/// Error{unavailable} or Error{denied} where the registry stops answering for images: what is not
/// known is never called sound.
void audit(Session& session, const RegistryHost& host, const AuditOptions& options,
           const AuditListener& listener);

/// The same for a whole storage tree, for one repository there or at a registry, or one tag. Throws
/// Error{not_found} for a repository or tag that is not there, Error{unsupported} for other places.
void audit(Session& session, const Place& place, const AuditOptions& options,
           const AuditListener& listener);

} // namespace regctl::ops
