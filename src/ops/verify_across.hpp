// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/pairing.hpp"

#include <regctl/ops/verify.hpp>

namespace regctl::ops {

/// verify() with `deep` between a side A and a side B, of which one has v1 images and the other one
/// OCI images, and B has what A's became.
///
/// Of v1 images at A each tag's chain is converted once more, without a destination, which reads
/// and verifies its layers; B's manifest must have the digest that comes out, and its blobs are
/// read. Of OCI images at A each is read, and B must have the v1 image that it becomes (or the one
/// that it was made from), with the same diff IDs in its chain, which is converted in turn. Then
/// both images have the same files and the same configuration. Where B's is another one, the two
/// are compared: run configuration, then the flattened file systems.
///
/// Every layer and blob is read once in a run (blobs once in each repository), and once more where
/// images have to be compared or a fault has to be named.
VerifySummary verify_across_models(Session& session, Pairing& pairing,
                                   const VerifyListener& listener);

} // namespace regctl::ops
