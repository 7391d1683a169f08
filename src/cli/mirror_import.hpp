// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "cli/mirror_flags.hpp"

#include <regctl/cli/exit_code.hpp>

namespace regctl::cli {

/// Prints the mirror file made of the configurations that --from-config names, and notes how much
/// could not be carried over. ExitCode::partial if mirrors are left out. Throws Error{usage} for
/// flags about mirroring, which is not done.
ExitCode print_imported(const MirrorFlags& flags, Context& context);

} // namespace regctl::cli
