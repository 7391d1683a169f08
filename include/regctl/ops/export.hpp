// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <optional>

namespace regctl::ops {

struct ExportOptions {
  /// Of an OCI index: the image for this platform; nothing for that of this machine.
  std::optional<oci::Platform> platform = {};
  LayerCheck check = LayerCheck::verify; ///< of v1 layers; those of OCI are always verified
};

/// Writes the file system of an image to `tar`, as flatten() describes it. The layers are verified
/// at their ends: the bytes are known to be right only when this returns. Throws Error{not_found}
/// for an image, a platform or a layer that is not there; Error{integrity} for a damaged layer;
/// Error{unsupported} for what is no image of file systems; and as flatten() does.
void export_image(Session& session, const Place& place, const ExportOptions& options, Sink& tar);

} // namespace regctl::ops
