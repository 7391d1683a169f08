// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/copy.hpp>

namespace regctl::ops {

/// copy() between places of OCI images.
CopyReport copy_oci_images(Session& session, const Place& from, const Place& to,
                           const CopyOptions& options);

} // namespace regctl::ops
