// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstddef>
#include <vector>

namespace regctl::ops {

struct IndexResult {
  oci::Digest digest;
  std::size_t images = 0; ///< that the index names, attestations too
};

/// Makes an index of these images and puts it under the tag of `index`. Images of other places are
/// copied into its repository first; of one that is an index itself its images are taken. An image
/// whose platform is in the index already replaces that one. It is a Docker manifest list if all
/// images have Docker's types, else an OCI index. Throws Error{usage} for what is no image.
IndexResult make_index(Session& session, const Place& index, const std::vector<Place>& images);

/// Adds images to the index that `index` names, in the same way; one that is no index becomes the
/// first image of a new one.
IndexResult add_to_index(Session& session, const Place& index, const std::vector<Place>& images);

/// Leaves only the images for these platforms, with their attestations, in the index. Throws
/// Error{not_found} for a platform that it does not have.
IndexResult filter_index(Session& session, const Place& index,
                         const std::vector<oci::Platform>& platforms);

} // namespace regctl::ops
