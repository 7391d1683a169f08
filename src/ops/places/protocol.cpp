// SPDX-License-Identifier: Apache-2.0
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <vector>

namespace regctl::ops {

namespace {

/// The only protocol of a host; nothing if it speaks both.
std::optional<Protocol> only_protocol(Session& session, const RegistryHost& host) {
  const auto protocols = session.registries().protocols(host);
  return protocols.size() == 1 ? std::optional(protocols.front()) : std::nullopt;
}

/// Whether the repository or manifest is there by protocol v2.
bool is_in_v2(Session& session, const RegistryHost& host, const Reference& image) {
  const auto repository = session.registries().v2(host).open(image.name_in_v2());
  if (image.digest) {
    const auto digest = oci::Digest::find(*image.digest);
    return digest && repository->find_manifest(*digest);
  }
  if (image.tag) {
    return repository->find_manifest(oci::ManifestName::tag(*image.tag)).has_value();
  }
  try {
    repository->list_tags([](const std::vector<std::string>&) {});
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) {
      throw;
    }
    return false;
  }
}

} // namespace

std::optional<Protocol> named_protocol(const Session& session,
                                       const std::optional<Protocol>& written) {
  if (written) {
    return written;
  }
  switch (session.api()) {
  case Api::v1:
    return Protocol::v1;
  case Api::v2:
    return Protocol::v2;
  case Api::detect:
    break;
  }
  return std::nullopt;
}

Protocol protocol_of(Session& session, const RegistryHost& host) {
  if (const auto named = named_protocol(session, host.protocol)) {
    return *named;
  }
  const auto only = only_protocol(session, host);
  if (!only) {
    throw Error(ErrorKind::usage,
                host.host + " speaks protocols v1 and v2, which may show different images",
                "write " + with_registry_scheme(host.host, Protocol::v1) + " or " +
                    with_registry_scheme(host.host, Protocol::v2));
  }
  return *only;
}

Protocol protocol_of(Session& session, const Place& image) {
  const RegistryHost host{image.reference->host, image.protocol};
  if (const auto named = named_protocol(session, image.protocol)) {
    return *named;
  }
  if (const auto only = only_protocol(session, host)) {
    return *only;
  }
  if (is_in_v2(session, host, *image.reference)) {
    return Protocol::v2;
  }
  session.progress().note(image.reference->to_string() +
                          " is not found by protocol v2 at this host, which speaks v1 too: it is "
                          "looked for there");
  return Protocol::v1;
}

std::optional<Model> fixed_model_of(Session& session, const Place& place) {
  switch (place.kind) {
  case Place::Kind::registry:
    return protocol_of(session, place) == Protocol::v1 ? Model::v1 : Model::oci;
  case Place::Kind::v1_storage:
    return Model::v1;
  case Place::Kind::oci_layout:
  case Place::Kind::oci_archive:
  case Place::Kind::v2_storage:
    return Model::oci;
  case Place::Kind::docker_archive:
  case Place::Kind::docker_daemon:
    break;
  }
  return std::nullopt;
}

bool holds_oci_alone(Session& session, const Place& place) {
  return fixed_model_of(session, place) == Model::oci;
}

void require_v1(Session& session, const Place& place, const std::string& thing) {
  if (holds_oci_alone(session, place)) {
    throw Error(ErrorKind::unsupported,
                place.to_string() + " holds OCI images, and " + thing + " is of protocol v1 alone");
  }
}

void require_oci(Session& session, const Place& place, const std::string& thing) {
  if (fixed_model_of(session, place) == Model::v1) {
    throw Error(ErrorKind::unsupported,
                place.to_string() + " holds v1 images, and " + thing + " is of protocol v2 alone");
  }
}

} // namespace regctl::ops
