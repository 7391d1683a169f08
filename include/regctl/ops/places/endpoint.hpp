// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// One end of a mirror: a registry, or what lies below one name at it, or a place.
struct Endpoint {
  std::optional<RegistryHost> host; ///< of the first two; then there is no place
  std::string name_space;           ///< "team" for the repositories "team/…"; "" for all
  std::optional<Place> place;       ///< a repository or tag at a registry, a tree, an archive

  /// Reads "HOST[:PORT]", "HOST[:PORT]/NAMESPACE/" (the last '/' tells it from a repository) or
  /// what Place::parse takes. A text without '/' is a host: docker.io's images are written
  /// "docker.io/NAME". Throws Error{usage}.
  static Endpoint parse(std::string_view text);

  /// The repository or tag that it names; null for a whole registry, namespace, tree or archive.
  [[nodiscard]] const Reference* reference() const noexcept {
    return place && place->reference ? &*place->reference : nullptr;
  }

  /// As parse() takes it back.
  [[nodiscard]] std::string to_string() const;
};

/// The registry that an endpoint lies at; nothing for trees and archives.
std::optional<RegistryHost> registry_of(const Endpoint& endpoint);

/// Throws Error{usage} where an end names an image by its digest, which protocol v1 does not have.
void refuse_digest(const Endpoint& end);

/// Throws Error{usage} where nothing is mirrored from the one to the other: many repositories to
/// one, a tag to one of another name. Does not show what the ends are.
void check_ends(const Endpoint& source, const Endpoint& destination);

} // namespace regctl::ops
