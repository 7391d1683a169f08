// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// One end of a mirror: a registry, a namespace at a registry, or a place.
struct Endpoint {
  std::optional<RegistryHost> host; ///< for a registry or a namespace; `place` is empty then
  std::string name_space;           ///< "team" for the repositories "team/…"; "" for all
  std::optional<Place> place;       ///< a repository or tag at a registry, a tree, an archive

  /// Reads "HOST[:PORT]", "HOST[:PORT]/NAMESPACE/" (the final '/' distinguishes it from a
  /// repository) or any form of Place::parse. A text without '/' is a host; docker.io's images are
  /// written "docker.io/NAME". Throws Error{usage}.
  static Endpoint parse(std::string_view text);

  /// The repository or tag of the endpoint; null for a whole registry, namespace, tree or archive.
  [[nodiscard]] const Reference* reference() const noexcept {
    return place && place->reference ? &*place->reference : nullptr;
  }

  /// The text that parse() reads as this endpoint.
  [[nodiscard]] std::string to_string() const;
};

/// The registry of an endpoint; nothing for trees and archives.
std::optional<RegistryHost> registry_of(const Endpoint& endpoint);

/// Throws Error{kind} if `place` names an image by its digest: protocol v1 has only tags.
void refuse_digest(const Place& place, ErrorKind kind);
/// The same for an end of a mirror or a comparison, with Error{usage}.
void refuse_digest(const Endpoint& end);

/// Throws Error{usage} for ends between which nothing can be mirrored: many repositories to one, a
/// tag to a tag of another name.
void check_ends(const Endpoint& source, const Endpoint& destination);

} // namespace regctl::ops
