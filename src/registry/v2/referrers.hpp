// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/repository.hpp>

#include <optional>
#include <vector>

namespace regctl::registry::v2 {

/// OciRepository::referrers. The types of those that the tag `sha256-HEX` lists without one are
/// read from their manifests. Without the tag and the API nothing is asked.
std::vector<oci::Descriptor> list_referrers(AuthorizedSession& session, const oci::Digest& subject,
                                            oci::ReferrersTag tag);

/// Sees to it that a manifest with a `subject`, which has just been put, is listed among its
/// referrers: a registry with the referrers API does so itself, else the tag `sha256-HEX` is
/// written. Writers of one process take turns; against other processes the tag is read again
/// afterwards, and mended a few times. Throws Error{unavailable} if they undo it each time.
void keep_referrer(AuthorizedSession& session, const oci::Document& referrer,
                   const oci::Manifest& manifest);

/// Takes a manifest that was removed out of the tag `sha256-HEX` of its subject, where there is no
/// referrers API. Returns the digest of the list that the tag then names if it has no entries.
std::optional<oci::Digest> unlist_referrer(AuthorizedSession& session, const oci::Digest& referrer,
                                           const oci::Digest& subject);

} // namespace regctl::registry::v2
