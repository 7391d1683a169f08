// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/summary.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// Which tags of a mirror get a line or a row.
enum class ShownTags {
  changed, ///< also, in a plan, tags that are broken at the source
  all,
};
[[nodiscard]] bool is_shown(const ops::mirror::PlannedTag& tag, ShownTags shown) noexcept;

/// The first digits of the image that the tag will have, or had; "-" for none.
std::string show_id(const ops::mirror::PlannedTag& tag);

/// "copied team/app:1.0 90faa9565197". Empty for tags without a line: those not shown, and
/// failures, which are reported elsewhere.
std::string result_line(const ops::mirror::TagResult& result, ShownTags shown);

/// "12 repositories: 3 tags copied, 40 were the same; 9 images moved, 12.3 MB in 0:07"; for a plan
/// "12 repositories: 3 tags to change, 12.3 MB to move in 0:07".
std::string summary_line(const ops::mirror::Summary& summary, bool is_plan);

/// Whether the plan requested unknown sizes (--sizes).
enum class SizesAsked { no, yes };

/// The totals of a plan in sentences: "6 tags in 3 repositories: copy 4, keep 2", "101.3 kB to move
/// in 5 images, of which 40.5 kB are needed by several tags", "about 71 requests".
std::vector<std::string> plan_totals(const ops::mirror::Summary& summary, SizesAsked asked);

} // namespace regctl::cli
