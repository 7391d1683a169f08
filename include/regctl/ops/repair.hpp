// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

struct RepairOptions {
  bool dry_run = false;   ///< only report the repairs
  bool drop_tags = false; ///< remove tags that cannot be read or whose image is gone
  /// Where damaged and missing images are fetched from: a registry or a namespace of one, whose
  /// repositories have the names of the tree's; a repository, a tree or an archive. Nothing: no
  /// image is fetched.
  std::optional<Endpoint> from = {};
};

struct RepairAct {
  enum class Kind { rebuild_ancestry, complete_upload, rewrite_checksum, drop_tag, fetch_image };
  Kind kind = Kind::rebuild_ancestry;
  std::string id;         ///< of the image, or of the tag's image; "" if the tag cannot be read
  std::string repository; ///< of the tag
  std::string tag;
  std::string why;
};

/// "rebuild ancestry", "complete upload", "rewrite checksum", "drop tag", "fetch image".
std::string_view to_string(RepairAct::Kind kind) noexcept;

struct RepairReport {
  std::uint64_t acts = 0;
  std::uint64_t left_alone = 0;  ///< images that another process may be writing; a note named each
  std::uint64_t not_fetched = 0; ///< damaged images that could not be fetched; a note named each
};

/// Repairs the damage of the storage tree at `path` for which the remaining data leave no doubt:
/// missing or wrong ancestries, dead uploads whose recorded checksum fits their JSON and layer,
/// checksums in the old format. With RepairOptions::from, every layer is read first, and damaged or
/// missing images that a tag needs are replaced by those of that place, by their IDs: the JSON has
/// to be the tree's own unless that is damaged, and the layer what the recorded checksum says.
/// Without it no layer and no JSON is changed. `on_act` is called on the caller's
/// thread for each repair done, or to be done. A second run finds nothing to do. Other processes
/// may read and write meanwhile: uploads changed within the last 10 minutes are left alone then.
/// Throws Error{not_found} if there is no tree.
RepairReport repair(Session& session, const std::string& path, const RepairOptions& options,
                    const std::function<void(const RepairAct&)>& on_act);

/// Repairs a tree that is open already.
RepairReport repair(Session& session, std::shared_ptr<V1Storage> storage,
                    const RepairOptions& options,
                    const std::function<void(const RepairAct&)>& on_act);

} // namespace regctl::ops
