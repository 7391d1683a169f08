// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/cli/exit_code.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/oci/tree_care.hpp>

#include <string>

namespace regctl::cli {

// audit, gc and repair of distribution's storage trees, as commands show them.

/// What is listed: only what is not sound, or everything; and how long digests are.
struct TreeView {
  bool all = false;
  bool no_trunc = false;
};

ExitCode audit_tree(const Place& place, const ops::TreeAuditOptions& options, const TreeView& view,
                    Context& context);

/// `place` is that of a whole tree; throws Error{usage} for one of a repository.
ExitCode collect_tree(const Place& place, const ops::TreeGcOptions& options, const TreeView& view,
                      Context& context);
ExitCode repair_tree(const Place& place, const ops::TreeRepairOptions& options,
                     const TreeView& view, Context& context);

} // namespace regctl::cli
