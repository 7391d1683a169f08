// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>

#include <optional>
#include <string>

namespace regctl::registry::v2 {

/// OciRepository::find_manifest. HEAD tells the identity; GET does where HEAD is refused, lacks a
/// header, or says 404 without ever having found anything: Nexus does so for all manifests.
std::optional<oci::Descriptor> find_manifest(AuthorizedSession& session,
                                             const oci::ManifestName& name);

/// OciRepository::read_manifest.
std::optional<oci::Document> read_manifest(AuthorizedSession& session,
                                           const oci::ManifestName& name);

/// Stores a manifest under a tag or its digest. Throws Error{unsupported} if the registry does not
/// take this kind of manifest or does not let the tag change, Error{integrity} if it has stored
/// other bytes.
void put_manifest(AuthorizedSession& session, const oci::Document& document,
                  const oci::ManifestName& name);

} // namespace regctl::registry::v2
