// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/side.hpp"

#include <memory>
#include <string>

namespace regctl::ops {

/// A storage tree that is not there yet, for a plan, which makes none: it has no repositories and
/// no images. What would write to it throws Error{not_found}.
std::unique_ptr<Side> make_absent_tree(const std::string& folder);

} // namespace regctl::ops
