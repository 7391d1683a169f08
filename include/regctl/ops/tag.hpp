// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <string>

namespace regctl::ops {

// Places here are repositories or tags of a registry or a storage tree.

/// Gives the image `from` the further name `to` in the same registry or tree, also in another
/// repository, and returns its ID; a tag that is left out is "latest". No layer moves. Throws
/// Error{not_found}, Error{usage} for another registry or tree.
std::string tag_image(Session& session, const Place& from, const Place& to);

/// Points `to` at the image with this full ID. Throws Error{not_found} if it is not there,
/// Error{usage} for what is no ID.
void tag_id(Session& session, const std::string& id, const Place& to);

/// Removes one tag ("latest" if none is named) of a repository at a registry or in a storage tree,
/// which `tag` must name; the image stays. Throws Error{not_found}.
void remove_tag(Session& session, const Place& tag);

/// Removes a repository with all its tags; images stay. Throws Error{not_found}, Error{unsupported}
/// where the server cannot (npm's docker-registry-server) and for places that are no repository.
void remove_repository(Session& session, const Place& repository);

enum class Access { open, restricted }; ///< v1 says "public" and "private"

/// What is kept of who may pull from a repository; it is for the registry to follow it. Both throw
/// Error{not_found} where there is no such repository, or the server keeps nothing.
Access repository_access(Session& session, const Place& repository);
void set_repository_access(Session& session, const Place& repository, Access access);

} // namespace regctl::ops
