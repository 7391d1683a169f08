// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/tag_listing.hpp"

#include <regctl/ops/mirror/plan.hpp>
#include <regctl/ops/mirror/rules.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

/// The tags of one repository on both sides.
struct Listings {
  std::string source_name;
  std::string destination_name;
  ListedTags source;
  std::optional<ListedTags> destination; ///< nothing: the repository does not exist yet
  bool is_part = false; ///< of the source's tags, so that some images of attached tags are missing
};

/// Returns the creation time of the image behind an identity, in seconds since 1970; nothing if it
/// is unknown.
using CreatedAt = std::function<std::optional<std::int64_t>(const std::string& identity)>;

/// Whether the identity `there` of a tag at the destination means the same image as `from` at the
/// source.
using IsSame = std::function<bool(const std::string& from, const std::string& there)>;

/// Whether `there`, the identity of a tag at the destination, has the same referrers as the image
/// `from` at the source.
using KeepsReferrers = std::function<bool(const std::string& from, const std::string& there)>;

/// Which of these identities of the source the destination has in this repository, tagged or not.
using FindHeld = std::function<std::set<std::string>(const std::vector<std::string>& identities)>;

/// Which of these identities, which tags of both sides have, something refers to at the source that
/// the destination lacks.
using FindNewReferrers =
    std::function<std::set<std::string>(const std::vector<std::string>& identities)>;

/// The identities that these tags of the destination, lists of referrers, have.
using FindListed = std::function<std::set<std::string>(const std::vector<std::string>& lists)>;

/// Which of these identities of the destination's tags name images that are damaged there.
using FindDamaged = std::function<std::set<std::string>(const std::vector<std::string>& there)>;

/// What a plan asks about images. The answers may cost requests.
struct Questions {
  CreatedAt created_at;
  IsSame is_same;
  KeepsReferrers keeps_referrers;
  FindHeld find_held;
  FindNewReferrers find_new_referrers;
  FindDamaged find_damaged = {}; ///< empty: what the destination has is believed to be whole
  FindListed find_listed = {};   ///< for pruning, where the destination has such lists
};

/// Which of the rules excludes a tag by its name, in a plan's words; empty if none does.
std::string filtered_by_name(const Rules& rules, const std::string& repository,
                             const std::string& tag);

/// The actions for the tags of one repository, sorted by tag. Identities are looked up only for
/// tags that the rules do not exclude by name. `created_at` is asked only if the rules need ages;
/// `now` is in seconds since 1970.
///
/// Tags that exist only at the destination are included only if pruning is enabled. None is pruned
/// if the source's listing is empty or has a tag that cannot be read, or if more than Prune::limit
/// would go; the reason says so.
///
/// Attached tags follow their images, whatever the rules say of names, unless Rules::referrers is
/// off. The transfer of an image takes its own along; the plan has those whose image is at the
/// destination already, which `find_held` is asked where no tag tells it. They are pruned with the
/// last tag of their image, and so is the tag that lists its referrers, with what is attached to
/// those in turn. A tag whose image is the same is updated if something new refers to it,
/// or if it is damaged at the destination.
std::vector<PlannedTag> plan(Listings& listings, const Rules& rules, const Questions& questions,
                             std::int64_t now);

} // namespace regctl::ops::mirror
