// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/image_content.hpp"

#include <regctl/ops/verify.hpp>

#include <string>

namespace regctl::ops {

/// Compares two images of which B should be what A was converted to, `expected`, and has another
/// identity. The finding says what differs: the files, else the configuration that decides how the
/// image runs, else the identity alone. Throws as read_contents() does.
Finding compare_contents(Session& session, const ImageHandle& a, const ImageHandle& b,
                         const std::string& expected);

} // namespace regctl::ops
