// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v2_storage.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace regctl::ops {

struct TreeRepairOptions {
  bool dry_run = false;   ///< only report the repairs
  bool drop_tags = false; ///< remove tags that name nothing, or nothing that is there
};

struct TreeRepairAct {
  enum class Kind {
    rewrite_link,  ///< of a revision or a layer: damaged, or naming another digest than its path
    restore_link,  ///< of a revision or a layer that is needed and gone
    restore_tag,   ///< what it means, where only one meaning is possible
    write_index,   ///< the entry of a tag's index for its present meaning
    move_blob,     ///< that is filed wrongly
    restore_blob,  ///< from its bytes elsewhere in the tree
    trim_blob,     ///< that has more bytes than its digest
    list_referrer, ///< under the tag `sha256-HEX`
    drop_tag,
  };
  Kind kind = Kind::rewrite_link;
  std::string repository; ///< empty for a blob that is filed wrongly
  std::string name;       ///< the tag or the digest
  std::string why;
};

/// "rewrite link", "restore link", "restore tag", "write index", "move blob", "restore blob",
/// "trim blob", "list referrer", "drop tag".
std::string_view to_string(TreeRepairAct::Kind kind) noexcept;

struct TreeRepairReport {
  std::uint64_t acts = 0;
  /// Links that were changed within the last 10 minutes and may be half written: left alone.
  std::uint64_t left_alone = 0;
};

/// Repairs the damage of the tree for which the remaining data leave no doubt: each link from its
/// path and the sum of the bytes, links that a sound manifest or tag asks for, tags with one
/// possible meaning, blobs whose bytes are found by their sum in the wrong place, in an unfinished
/// upload, in a manifest's `data`, or at the beginning of a longer file. Never guesses a tag, never
/// removes a blob. A second run finds nothing to do. Servers and other processes may read and write
/// meanwhile. Repositories with illegal names are left alone.
TreeRepairReport repair_tree(const std::shared_ptr<V2Storage>& storage,
                             const TreeRepairOptions& options,
                             const std::function<void(const TreeRepairAct&)>& on_act);

} // namespace regctl::ops
