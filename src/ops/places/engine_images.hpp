// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/oci_images.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/session.hpp>

#include <memory>

namespace regctl::ops {

/// The image of that name in the Docker engine, from its export. Throws as DockerEngine::save().
std::unique_ptr<OciImages> open_engine_images(Session& session, const Reference& name);

/// Images on their way into the engine: it loads all of them with finish(). Until then they are in
/// a temporary file, since the engine takes its archive as one stream, and blobs come in any order.
std::unique_ptr<OciImages> start_engine_images(Session& session);

} // namespace regctl::ops
