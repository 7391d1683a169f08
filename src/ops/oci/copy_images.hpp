// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_mover.hpp"

#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/copy.hpp>

#include <functional>
#include <optional>
#include <string>

namespace regctl::ops {

/// Converts the image of a manifest of schema 1, and returns the digest that it gets. `there` is
/// what the tag names now.
using ConvertSchema1 = std::function<oci::Digest(
    const OciRoute& route, const oci::Document& manifest, const std::string& tag,
    const std::optional<oci::Descriptor>& there, CopyReport& report)>;

/// copy() between places of OCI images. With `convert_schema1` what is of schema 1 is converted
/// where the destination does not take it.
CopyReport copy_oci_images(Session& session, const Place& from, const Place& to,
                           const CopyOptions& options, const ConvertSchema1& convert_schema1 = {});

} // namespace regctl::ops
