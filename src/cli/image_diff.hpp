// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/cli/exit_code.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/image_diff.hpp>

namespace regctl::cli {

/// `regctl diff` of two images: a row for each member of the config, layer and path that differs;
/// in JSON also for the layers that both have. Partial if anything differs.
ExitCode run_image_diff(const Place& a, const Place& b, const ops::ImageDiffOptions& options,
                        bool shows_all, Context& context);

} // namespace regctl::cli
