// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/pairing.hpp"

#include <regctl/ops/audit.hpp>

#include <string>

namespace regctl::ops {

/// audit() for OCI images: every manifest and blob below each tag of `pairing` is judged, with
/// `options.deep` by its bytes. The images of the listener are those manifests and blobs, by their
/// digests. Throws Error{unavailable} or Error{denied} if the store stops answering.
///
/// `is_whole` says that all repositories of the store are in the pairing, so that what they share
/// is known, unless one could not be audited. Memory: about 300 bytes for a manifest, a blob or a
/// tag.
void audit_oci_images(Session& session, Pairing& pairing, const AuditOptions& options,
                      const AuditListener& listener, std::string place, bool is_whole);

} // namespace regctl::ops
