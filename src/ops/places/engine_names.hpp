// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>
#include <regctl/registry/docker_engine.hpp>

#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// An image of an engine under one of its names; without one if it has none.
struct EngineName {
  std::optional<Reference> name; ///< with a tag
  registry::EngineImage image;
};

/// What the engine has: everything for `docker-daemon:`, else the tags of the repository that
/// `place` names, or the one tag; sorted by repository and tag, those without a name last. Throws
/// Error{not_found} if `place` names what the engine does not have, and the errors of DockerEngine.
std::vector<EngineName> list_engine_names(Session& session, const Place& place);

/// Gives the image `from`, a name of the engine or an ID, the further name `to`. Returns its ID.
std::string tag_in_engine(Session& session, const std::string& from, const Reference& to);

/// Removes one name ("latest" without a tag), or all of a repository. An image goes with its last
/// name, as by `docker rmi`.
void remove_from_engine(Session& session, const Reference& name);
void remove_repository_from_engine(Session& session, const Place& repository);

/// The name to ask the engine for: "team/app:latest", "host:5000/app:1.0".
std::string engine_name(const Reference& reference);

} // namespace regctl::ops
