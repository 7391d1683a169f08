// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/pairing.hpp"

#include <regctl/ops/verify.hpp>

namespace regctl::ops {

/// verify() with `deep` between a side A of v1 images and a side B of OCI images that they were
/// converted to. Each tag's chain is converted once more, without a destination, which reads and
/// verifies its layers; B's manifest must have the digest that comes out, and its blobs are read.
/// Then both images have the same files and the same configuration. Where B's digest is another
/// one, the two are compared: run configuration, then the flattened file systems.
///
/// Every layer and blob is read once in a run (blobs once in each repository), and once more where
/// images have to be compared or a fault has to be named.
VerifySummary verify_across_models(Session& session, Pairing& pairing,
                                   const VerifyListener& listener);

} // namespace regctl::ops
