// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/pairing.hpp"

#include <regctl/ops/verify.hpp>

namespace regctl::ops {

/// verify() for sides of OCI images: every manifest below a tag is there and has its digest, every
/// blob is there and has its size, and with `deep` its digest. Where both sides have the tag alike,
/// the same is asked of B. A blob is examined once in each repository.
VerifySummary verify_oci_images(Session& session, Pairing& pairing, const VerifyOptions& options,
                                const VerifyListener& listener);

} // namespace regctl::ops
