// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/formats/path_content.hpp>
#include <regctl/ops/places/endpoint.hpp>

namespace regctl::ops {

Endpoint Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  if (Place::has_scheme(text)) {
    endpoint.place = Place::parse(text, look_at_path);
    return endpoint;
  }
  if (auto here = Place::find_here(text, look_at_path); here && here->path != "-") {
    endpoint.place = std::move(here); // "-" is no endpoint: an archive is read several times
    return endpoint;
  }
  auto rest = without_registry_scheme(text);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    endpoint.host = parse_registry_host(rest);
    endpoint.host->protocol = protocol_of_scheme(text);
  } else if (rest.ends_with('/')) {
    rest.remove_suffix(1);
    auto below = Reference::parse(rest);
    if (below.tag || below.digest) {
      throw Error(ErrorKind::usage, "'" + std::string(text) + "' has a tag before its last '/'",
                  "write HOST[:PORT]/NAMESPACE/, or HOST[:PORT]/NAME:TAG");
    }
    endpoint.host = RegistryHost{below.host, protocol_of_scheme(text)};
    endpoint.name_space = below.name;
  } else {
    endpoint.place = Place::parse(text);
  }
  return endpoint;
}

std::string Endpoint::to_string() const {
  if (place) {
    return place->to_string();
  }
  return with_registry_scheme(host->host, host->protocol) +
         (name_space.empty() ? "" : "/" + name_space + "/");
}

std::optional<RegistryHost> registry_of(const Endpoint& endpoint) {
  if (endpoint.host) {
    return endpoint.host;
  }
  return endpoint.place->kind == Place::Kind::registry
             ? std::optional(
                   RegistryHost{endpoint.place->reference->host, endpoint.place->protocol})
             : std::nullopt;
}

void refuse_digest(const Place& place, ErrorKind kind) {
  if (place.reference && place.reference->digest) {
    throw Error(kind, "protocol v1 has no digests: " + place.to_string(), "name a tag");
  }
}

void refuse_digest(const Endpoint& end) {
  if (end.place) {
    refuse_digest(*end.place, ErrorKind::usage);
  }
}

void check_ends(const Endpoint& source, const Endpoint& destination) {
  const auto* from = source.reference();
  const auto* to = destination.reference();
  if (to != nullptr && from == nullptr) {
    throw Error(ErrorKind::usage, "the destination is one repository, for many that are mirrored",
                "name a registry (HOST[:PORT]) or a namespace (HOST[:PORT]/NAMESPACE/)");
  }
  if (to != nullptr && to->tag && to->tag != from->tag) {
    throw Error(ErrorKind::usage, "a mirror does not give tags other names", "regctl copy does");
  }
}

} // namespace regctl::ops
