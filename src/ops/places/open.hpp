// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/session.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {
class V1Storage;
}

namespace regctl::ops {

/// The repository that a place names: at a registry and in a storage tree the one of its reference,
/// else all images of the archive, the tree or the engine's export, whose tags are full names.
/// Throws Error{unsupported} for places that this version cannot read.
std::unique_ptr<V1Repository> open_repository(Session& session, const Place& place);

/// Says what of a storage tree is passed over because nothing is named so: of the whole tree, or of
/// the repository `name` alone.
void note_strays(Session& session, const V1Storage& storage,
                 const std::optional<std::string>& name = std::nullopt);

/// One image of a place: the name it has there and its ID.
struct Selected {
  std::optional<Reference> name; ///< with its tag; nothing for an unnamed image of an archive
  std::string id;
  std::string tag; ///< of an unnamed image whose archive knows a tag for it alone, or ""
};

enum class Select {
  one, ///< the named tag ("latest" if none); in an archive without a name its only image, under
       ///< every name it has
  all_tags, ///< every tag of the repository, or everything in the archive
};

/// The images that `place` names in `repository`, which open_repository() returned for it. Never
/// empty. Throws Error{not_found} with the nearest tag as a hint, Error{usage} naming the images of
/// an archive among which to choose, Error{integrity} for a tag the server lists but cannot read.
std::vector<Selected> select_images(V1Repository& repository, const Place& place, Select select);

} // namespace regctl::ops
