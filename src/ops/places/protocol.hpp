// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <optional>
#include <string>

namespace regctl::ops {

/// The protocol that the user names: `written` before the host ("v1://"), else by --api; nothing if
/// it is to be found out.
std::optional<Protocol> named_protocol(const Session& session,
                                       const std::optional<Protocol>& written);

/// The protocol by which a whole registry is to be used: the one that `host` or the session names,
/// else the one that it speaks. Throws Error{usage} for a host that speaks both, which are often
/// two registries with different images; the hint shows both ways to write it.
Protocol protocol_of(Session& session, const RegistryHost& host);

/// The protocol for the repository or image that a place names at a registry. At a host that speaks
/// both, it is looked for in v2, then in v1; a note says if it was found in v1.
Protocol protocol_of(Session& session, const Place& image);

enum class Model {
  v1,  ///< chains of images by ID
  oci, ///< manifests and blobs by digest
};

/// The model of the images of a place; nothing for docker archives and engines, whose images can be
/// taken for either.
std::optional<Model> fixed_model_of(Session& session, const Place& place);

/// Whether the images of a place are OCI images and nothing else. Docker archives and engines are
/// shown as the v1 images that they hold.
bool holds_oci_alone(Session& session, const Place& place);

/// Throws Error{unsupported} for a verb or a thing that only one model has: "docker://… holds v1
/// images, and a manifest is of protocol v2 alone".
void require_v1(Session& session, const Place& place, const std::string& thing);
void require_oci(Session& session, const Place& place, const std::string& thing);

} // namespace regctl::ops
