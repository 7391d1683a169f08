// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/places/scope.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// A fault of a tag or an image, named as in `regctl audit` if that has the same one.
enum class Fault : std::uint8_t {
  ancestry_missing, ///< not recorded, but the images' parents show it: no damage
  ancestry_wrong,   ///< differs from the images' parents: no damage
  not_looked_at,    ///< the store did not answer, or refused: nothing is known
  tag_missing,      ///< at B
  tag_extra,        ///< only at B
  tag_differs,      ///< the tag names another image at B
  digest_differs, ///< conversion gives another digest than B's, with the same files and run config
  config_differs, ///< the configuration that decides how the image runs
  files_differ,   ///< the flattened file systems
  json_differs,   ///< between A and B, as are the faults that follow
  size_differs,
  checksum_differs,
  layer_differs,
  dead_upload, ///< never completed, or under way
  checksum_wrong,
  layer_damaged, ///< no checksum is recorded, but the layer cannot be unpacked
  layer_cut,
  layer_missing,
  json_damaged, ///< not JSON, or the JSON of another image
  parent_loop,  ///< the parents form a loop, or the chain has more than k_max_chain images
  parent_missing,
  manifest_missing, ///< one that an OCI index names
  nowhere,          ///< the tag cannot be read, or its image is not there
};

/// "ancestry missing", "layer cut short", …
std::string_view to_string(Fault fault) noexcept;

/// Whether the fault means damage or a difference between the sides.
bool is_damage(Fault fault) noexcept;

struct Finding {
  enum class Where { a, b, between };

  Fault fault = Fault::nowhere;
  Where where = Where::a;
  std::string image;  ///< ID of the image with the fault; "" for the tag itself
  std::string detail; ///< an explanation, or ""
};

struct VerifiedTag {
  std::string repository; ///< its name at A, or the name it would have there
  std::string tag;
  std::optional<std::string> id; ///< at A, else at B; nothing for a tag that cannot be read
  std::vector<Finding> findings; ///< of the tag, then of its chain from the top; empty: sound
};

struct VerifyOptions {
  bool deep = false; ///< read every layer
};

struct VerifySummary {
  std::uint64_t repositories = 0;  ///< with readable tags
  std::uint64_t sound = 0;         ///< tags without damage, also those with harmless findings
  std::uint64_t damaged = 0;       ///< tags with a finding that is_damage()
  std::uint64_t not_looked_at = 0; ///< the other tags
  std::uint64_t images = 0;        ///< distinct images that were examined
  std::uint64_t layers_read = 0;   ///< on both sides
  std::uint64_t bytes_read = 0;
  std::uint64_t sizes_unknown = 0; ///< layers for which a store reports no size
  std::uint64_t sums_unknown = 0;  ///< layers for which a store records no payload checksum
  Problems problems;               ///< repositories and images that could not be examined

  [[nodiscard]] std::uint64_t tags() const noexcept { return sound + damaged + not_looked_at; }
};

/// Receives the results on the caller's thread, repository by repository in the order of their
/// names.
struct VerifyListener {
  std::function<void(const VerifiedTag&)> on_tag;
  /// A repository with unreadable tags, and why.
  std::function<void(const std::string& repository, const std::exception_ptr& problem)> on_problem;
};

/// Proves that every tag in the scope can be pulled as it was pushed: its chain is complete, each
/// JSON belongs to its image, and the parents lead down to a base. With a B, the tags must be the
/// same there, and so must each image's JSON, size and checksum.
///
/// With `deep`, every layer is read and its payload checksum verified; with a B, its bytes are
/// compared too. Layers of an archive are compared after unpacking, since archives often hold them
/// unpacked.
///
/// With `deep`, B may hold what A's images were converted to, v1 images to OCI images or the other
/// way: each tag's files, run configuration and identities are proven to be what conversion gives.
///
/// Each image is examined once in a run, in parallel; memory holds about 100 bytes for each.
/// Repositories and images that cannot be examined are reported, and the rest is verified. Throws
/// as diff() does.
VerifySummary verify(Session& session, const Scope& scope, const VerifyOptions& options,
                     const VerifyListener& listener);

} // namespace regctl::ops
