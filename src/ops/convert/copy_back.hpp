// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/copy.hpp>

namespace regctl::ops {

/// copy() from a place of OCI images to one of v1 images: each is converted, of an index one
/// platform.
CopyReport convert_oci_images(Session& session, const Place& from, const Place& to,
                              const CopyOptions& options);

} // namespace regctl::ops
