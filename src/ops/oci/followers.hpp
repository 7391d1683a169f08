// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/manifest_tree.hpp"
#include "ops/places/tag_listing.hpp"

#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/ops/progress.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// What is known of the tags by which a source keeps what refers to its images.
struct FollowerTags {
  AttachedTags attached = {}; ///< those of cosign
  /// The manifests of the source whose referrers a tag lists; nothing if that is not known.
  std::optional<ListedSubjects> subjects = std::nullopt;

  /// What is known of the tag that lists the referrers of a manifest of the source.
  [[nodiscard]] oci::ReferrersTag referrers_tag_of(const oci::Digest& subject) const;
};

/// Called with what follows a manifest, and with the tag of cosign that it has ("": none).
using OnFollower = std::function<void(ManifestTree follower, const std::string& tag)>;

/// Reads what goes along with `manifests` since it refers to them: by its subject, at most
/// k_max_referrer_depth deep, or by cosign's tags; also what so refers to that. Each is told once.
/// Notes which are listed and not there. Throws the errors of reading.
void read_followers(Progress& progress, OciRepository& source, const FollowerTags& tags,
                    std::vector<oci::Digest> manifests, const OnFollower& on_follower);

} // namespace regctl::ops
