// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// The state of a manifest, a tag or a repository in distribution's storage tree, as a client of
/// distribution 2.8 that checks digests sees it. In ascending order of severity.
enum class TreeState {
  sound,
  illegal_tag_name,        ///< listed, but no request can name it
  illegal_repository_name, ///< likewise
  damaged_below,           ///< of an index: a manifest that it names is damaged
  damaged,                 ///< it cannot be had, or a blob of it, or its bytes are wrong
};

/// "sound", "illegal tag name", "damaged below".
std::string_view to_string(TreeState state) noexcept;

/// Status codes of HTTP that distribution answers with.
struct ServerAnswer {
  int of_2 = 0; ///< 2.8
  int of_3 = 0; ///< 3.0

  bool operator==(const ServerAnswer&) const = default;
};

struct TreeAuditOptions {
  bool deep = false;    ///< read every blob that a manifest names
  std::size_t jobs = 4; ///< blobs that are read at a time
  /// Only this repository, or only this tag of it.
  std::optional<std::string> repository = {};
  std::optional<std::string> tag = {};
};

/// A tag, or a revision that no tag names.
struct AuditedManifest {
  std::string repository;
  std::optional<std::string> tag = {};
  std::optional<oci::Digest> digest = {}; ///< nothing for a tag that names none
  TreeState state = TreeState::sound;
  std::string detail = {};                    ///< the first fault, in words; "" if there is none
  std::optional<ServerAnswer> by_tag = {};    ///< to GET of the manifest by its tag
  std::optional<ServerAnswer> by_digest = {}; ///< to GET by its digest
};

struct AuditedTreeRepository {
  std::string name;
  TreeState state = TreeState::sound; ///< the worst of its manifests, or that of its name
  std::uint64_t tags = 0;             ///< with legal names
  std::uint64_t untagged = 0;         ///< revisions that no tag names
  std::uint64_t damaged = 0;          ///< tags and untagged revisions that are damaged
  std::uint64_t uploads = 0;          ///< unfinished, of any age
  ServerAnswer tag_list = {};         ///< to GET of its tags
  std::uint64_t listed_tags = 0;      ///< names in that list, whatever lies behind them
  bool is_in_catalog_of_2 = false;
  bool is_in_catalog_of_3 = false;
};

struct TreeAuditSummary {
  std::string place;
  bool is_deep = false;
  std::map<TreeState, std::uint64_t> manifests;
  std::map<TreeState, std::uint64_t> repositories;

  [[nodiscard]] bool is_damaged() const noexcept {
    return manifests.contains(TreeState::damaged) || manifests.contains(TreeState::damaged_below);
  }
};

/// Receives the results on the caller's thread: of each repository its tags in the order of bytes,
/// its untagged revisions, and then itself; at the end the summary.
struct TreeAuditListener {
  std::function<void(const AuditedManifest&)> on_manifest;
  std::function<void(const AuditedTreeRepository&)> on_repository;
  std::function<void(const TreeAuditSummary&)> on_summary;
};

/// Judges every tag, revision and repository of the tree without changing anything. What only costs
/// space is no damage: untagged revisions, blobs that nothing names, unfinished uploads. Memory
/// grows with the number of revisions of the largest repository, and a little with the number of
/// blobs up to a million.
///
/// Throws Error{not_found} for a repository or tag of the options that is not there, and
/// Error{local_io} for files that cannot be read.
void audit_tree(const V2Storage& storage, const TreeAuditOptions& options,
                const TreeAuditListener& listener);

} // namespace regctl::ops
