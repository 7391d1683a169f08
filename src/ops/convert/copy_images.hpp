// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/copy.hpp>

namespace regctl::ops {

/// copy() from a place of v1 images to one of OCI images: each is converted.
CopyReport convert_v1_images(Session& session, const Place& from, const Place& to,
                             const CopyOptions& options);

} // namespace regctl::ops
