// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <regctl/formats/oci_images.hpp>

#include <memory>

namespace regctl {

/// The images of a docker-archive as manifests: see ImageArchive::oci().
std::unique_ptr<OciImages> read_docker_graph(const std::shared_ptr<const ArchiveIndex>& index);

} // namespace regctl
