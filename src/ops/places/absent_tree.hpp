// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/side.hpp"

#include <memory>
#include <string>

namespace regctl::ops {

/// A storage tree that does not exist yet, for a plan, which does not create it. It has no
/// repositories and no images. Writing to it throws Error{not_found}.
std::unique_ptr<Side> make_absent_tree(const std::string& folder);

/// The same for a tree of OCI images.
std::unique_ptr<Side> make_absent_v2_tree(const std::string& folder);

} // namespace regctl::ops
