// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace regctl::ops {

struct RepairOptions {
  bool dry_run = false;   ///< tell what would be done
  bool drop_tags = false; ///< remove tags that cannot be read or whose image is gone
};

struct RepairAct {
  enum class Kind { rebuild_ancestry, complete_upload, rewrite_checksum, drop_tag };
  Kind kind = Kind::rebuild_ancestry;
  std::string id;         ///< of the image; of a tag's, or "" if the tag cannot be read
  std::string repository; ///< of a tag
  std::string tag;
  std::string why;
};

/// "rebuild ancestry", "complete upload", "rewrite checksum", "drop tag".
std::string_view to_string(RepairAct::Kind kind) noexcept;

struct RepairReport {
  std::uint64_t acts = 0;
  std::uint64_t left_alone = 0; ///< images that somebody may be writing; a note told each
};

/// Mends what can be told for certain from what is in the storage tree `folder`: ancestries that
/// are missing or wrong, dead uploads whose recorded checksum is that of their JSON and layer,
/// checksums in the old format. Never changes a layer or a JSON. `on_act` hears, on the caller's
/// thread, each act when it is done, or would be. A second run finds nothing to do. Others may read
/// and write meanwhile; uploads that moved within the last 10 minutes are left alone then. Throws
/// Error{not_found} if there is no tree.
RepairReport repair(Session& session, const std::string& folder, const RepairOptions& options,
                    const std::function<void(const RepairAct&)>& on_act);

} // namespace regctl::ops
