// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/model/v1/access.hpp>
#include <regctl/ops/session.hpp>

#include <string>

namespace regctl::ops {

// The places here are repositories or tags, at a registry or in a storage tree.

/// Gives the image `from` the further name `to`, in the same repository or another one of the same
/// registry or tree. Returns the image's ID. A missing tag means "latest". Copies no layer. Throws
/// Error{not_found}; Error{usage} for another registry or tree.
std::string tag_image(Session& session, const Place& from, const Place& to);

/// Points `to` at the image with this full ID. Throws Error{not_found} if the image does not exist,
/// Error{usage} if `id` is not an ID.
void tag_id(Session& session, const std::string& id, const Place& to);

/// Removes one tag ("latest" if none is named) of a repository, at a registry or in a storage tree.
/// The image stays. Throws Error{not_found}.
void remove_tag(Session& session, const Place& tag);

/// Removes a repository with all its tags; the images stay. Throws Error{not_found}. Throws
/// Error{unsupported} if the server cannot do it (npm's docker-registry-server) and for places that
/// are no repository.
void remove_repository(Session& session, const Place& repository);

/// The stored setting for pulls from a repository; enforcing it is up to the registry. Both throw
/// Error{not_found} if the repository does not exist or the server stores no such setting.
RepositoryAccess repository_access(Session& session, const Place& repository);
void set_repository_access(Session& session, const Place& repository, RepositoryAccess access);

} // namespace regctl::ops
