// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/pairing.hpp"

#include <regctl/ops/verify.hpp>

namespace regctl::ops {

/// verify() with `deep` between a side A and a side B, of which one has v1 images and the other one
/// OCI images, and B has what A's became.
///
/// With v1 images at A each tag's chain is converted once more, without a destination, which reads
/// and verifies its layers. B's manifest must have the digest that comes out, and its blobs are
/// read.
///
/// With OCI images at A each is read, for linux/amd64 of an index. B must have the v1 image that it
/// becomes, or the one that it was made from. B's chain is converted in turn, and must have the
/// diff IDs that A's config tells.
///
/// Then both images have the same files and the same configuration. Where B's is another one, the
/// two are compared: run configuration, then the flattened file systems.
///
/// Every layer and blob is read once in a run (blobs once in each repository), and once more where
/// images have to be compared or a fault has to be named.
VerifySummary verify_across_models(Session& session, Pairing& pairing,
                                   const VerifyListener& listener);

} // namespace regctl::ops
