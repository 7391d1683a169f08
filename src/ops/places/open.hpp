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

/// What progress calls a copy between two places.
Progress::Verb verb_for(const Place& from, const Place& to);

/// Opens the repository that a place names. At a registry and in a storage tree this is the place's
/// reference. Else it is one repository with all images of the archive, the tree or the engine's
/// export, and its tags are full names. Throws Error{unsupported} for places that this version
/// cannot read.
std::unique_ptr<V1Repository> open_repository(Session& session, const Place& place);

/// Notes the files of a storage tree that are ignored because of their names: in the whole tree, or
/// only in the repository `name`.
void note_strays(Session& session, const V1Storage& storage,
                 const std::optional<std::string>& name = std::nullopt);

/// An image chosen from a place.
struct Selected {
  std::optional<Reference> name; ///< with its tag; nothing for an unnamed image of an archive
  std::string id;
  std::string tag; ///< for an unnamed image: a tag that its archive records without a name, or ""
};

enum class Select {
  one, ///< the named tag ("latest" if none); of an archive without a name its only image, under
       ///< every name it has
  all_tags, ///< every tag of the repository, or all images of the archive
};

/// The images that `place` names in `repository`, which must come from open_repository(). Never
/// empty. Throws Error{unsupported} for a digest; Error{not_found} with the nearest tag as a hint;
/// Error{usage} for an archive with several images and no choice, listing them; Error{integrity}
/// for a tag that the server lists but cannot read.
std::vector<Selected> select_images(V1Repository& repository, const Place& place, Select select);

} // namespace regctl::ops
