// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/scope.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// What is to be said against a tag or an image; in the words of `regctl audit` where it says the
/// same.
enum class Fault : std::uint8_t {
  ancestry_missing, ///< not recorded; the images' parents tell it: no damage
  ancestry_wrong,   ///< another than the images' parents tell: no damage
  not_looked_at,    ///< the store did not answer, or refused: nothing is known
  tag_missing,      ///< at B
  tag_extra,        ///< at B alone
  tag_differs,      ///< it names another image at B
  json_differs,     ///< this and what follows: between A and B
  size_differs,
  checksum_differs,
  layer_differs,
  dead_upload, ///< its upload was never completed, or is under way
  checksum_wrong,
  layer_damaged, ///< no checksum tells, but it cannot be unpacked
  layer_cut,
  layer_missing,
  json_damaged, ///< not JSON, or another image's
  parent_loop,  ///< the parents form a loop or more than k_max_chain
  parent_missing,
  nowhere, ///< a tag that cannot be read, or whose image is not there
};

/// "ancestry missing", "layer cut short", …
std::string_view to_string(Fault fault) noexcept;

/// Whether it means that something is damaged, or not the same on both sides.
bool is_damage(Fault fault) noexcept;

struct Finding {
  enum class Where { a, b, between };

  Fault fault = Fault::nowhere;
  Where where = Where::a;
  std::string image;  ///< the ID of the image that it is said of; "" for the tag itself
  std::string detail; ///< a sentence more, or ""
};

struct VerifiedTag {
  std::string repository; ///< its name at A, or that it would have there
  std::string tag;
  std::optional<std::string> id; ///< at A, else at B; nothing for a tag that cannot be read
  std::vector<Finding> findings; ///< of the tag, then of its chain from the top; empty: sound
};

struct VerifyOptions {
  bool deep = false; ///< read every layer
};

struct VerifySummary {
  std::uint64_t repositories = 0;  ///< whose tags were read
  std::uint64_t sound = 0;         ///< tags, also those with harmless findings
  std::uint64_t damaged = 0;       ///< tags with a finding that is_damage()
  std::uint64_t not_looked_at = 0; ///< the other tags
  std::uint64_t images = 0;        ///< different ones that were looked at
  std::uint64_t layers_read = 0;   ///< on both sides
  std::uint64_t bytes_read = 0;
  std::uint64_t sizes_unknown = 0; ///< layers of which a store tells no size
  std::uint64_t sums_unknown = 0;  ///< layers of which a store records no payload checksum
  Problems problems;               ///< repositories and images that could not be looked at

  [[nodiscard]] std::uint64_t tags() const noexcept { return sound + damaged + not_looked_at; }
};

/// Hears the results on the caller's thread, repository by repository in the order of their names.
struct VerifyListener {
  std::function<void(const VerifiedTag&)> on_tag;
  /// A repository whose tags could not be read, and why.
  std::function<void(const std::string& repository, const std::exception_ptr& problem)> on_problem;
};

/// Proves that every tag of the scope can be pulled as it was pushed: its chain is there, each JSON
/// is that image's, the parents lead down to a base; with a B, that this has the same tags, and
/// the same JSON, size and checksum for each image. With `deep` every layer is read and its payload
/// checksum verified, and with a B its bytes are compared; layers of an archive, which are often
/// unpacked, are compared as what comes out of them.
///
/// Each image is looked at once in a run, in parallel; memory holds about 100 bytes for each. What
/// cannot be looked at is told and passed over. Throws as diff() does.
VerifySummary verify(Session& session, const Scope& scope, const VerifyOptions& options,
                     const VerifyListener& listener);

} // namespace regctl::ops
