// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/tag_listing.hpp"

#include <regctl/ops/mirror/plan.hpp>
#include <regctl/ops/mirror/rules.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The tags of one repository on both sides.
struct Listings {
  std::string source_name;
  std::string destination_name;
  ListedTags source;
  std::optional<ListedTags> destination; ///< nothing: there is no such repository yet
};

/// When the image behind an identity was created, in seconds since 1970; nothing if not known.
using CreatedAt = std::function<std::optional<std::int64_t>(const std::string& identity)>;

/// Whether a tag at the destination that names `there` is the same as one at the source that names
/// `from`.
using IsSame = std::function<bool(const std::string& from, const std::string& there)>;

/// What is to be done with each tag of one repository, by tag name. Only tags that the rules do not
/// leave out by their names are identified; `created_at` is asked only where the rules need ages,
/// `now` is seconds since 1970. Tags that exist at the destination alone are in it only when
/// pruning is enabled; nothing is pruned where the source's listing is empty or has a tag that
/// cannot be read, and where more than Prune::limit would go, none goes; the reason says so.
std::vector<PlannedTag> plan(Listings& listings, const Rules& rules, const CreatedAt& created_at,
                             const IsSame& is_same, std::int64_t now);

} // namespace regctl::ops::mirror
