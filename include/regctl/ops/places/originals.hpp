// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/places/endpoint.hpp>

namespace regctl::ops {

/// Throws Error{usage} for an endpoint that cannot hold originals, the v1 images from which OCI
/// images were made: a namespace, a tag, a digest, and places that no mirror reads.
void check_originals(const Endpoint& originals);

} // namespace regctl::ops
