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

/// The tags by which a source keeps manifests that refer to its images, as far as they are known.
struct FollowerTags {
  AttachedTags attached = {}; ///< those of cosign
  /// The manifests of the source whose referrers a tag lists; nothing if that is not known.
  std::optional<ListedSubjects> subjects = std::nullopt;

  /// Whether a tag of the source lists the referrers of this manifest, as far as that is known.
  [[nodiscard]] oci::ReferrersTag referrers_tag_of(const oci::Digest& subject) const;
};

/// Called with a manifest that goes along with another one, and its tag of cosign ("": none).
using OnFollower = std::function<void(ManifestTree follower, const std::string& tag)>;

/// Reads the manifests that go along with `manifests` since they refer to them, by their subject or
/// by cosign's tags, and those that refer to these in turn, at most k_max_referrer_depth deep. Each
/// is told once. Notes which are listed and not there. Throws the errors of reading.
void read_followers(Progress& progress, OciRepository& source, const FollowerTags& tags,
                    std::vector<oci::Digest> manifests, const OnFollower& on_follower);

} // namespace regctl::ops
