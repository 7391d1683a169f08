// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// One image of a chain: the store's record (V1Image) and the contents of its JSON.
struct ChainImage {
  V1Image image;
  V1ImageInfo info;
};

struct ImageDetails {
  std::string place;             ///< "docker://host:5000/team/app:1.0"
  std::string id;                ///< of the top image
  std::vector<std::string> tags; ///< all tags of the repository that name this ID, by name
  std::vector<ChainImage> chain; ///< child first, as `docker history` shows it
};

/// Reads an image's chain without its layers; the requests for JSONs run in parallel. A place
/// without a tag means "latest"; an archive with one image needs no name. Throws Error{not_found}
/// for a missing tag (naming tag and repository, with the nearest tag as a hint) or a missing image
/// of the chain, Error{integrity} for a tag that the server cannot read.
ImageDetails inspect(Session& session, const Place& place);

/// The tags of a repository, all tags of a storage tree as "NAME:TAG", or the full names in an
/// archive. A tag in `place` is ignored. Throws Error{not_found}.
V1Tags list_tags(Session& session, const Place& place);

} // namespace regctl::ops
