// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/place.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_gc.hpp>
#include <regctl/ops/oci/tree_repair.hpp>
#include <regctl/ops/session.hpp>

#include <functional>
#include <string>

namespace regctl::ops {

// The care of distribution's storage trees that places name ("v2-storage:DIR", also in a bucket).
// All throw Error{not_found} if there is no tree.

/// Audits a whole tree, or one repository or tag in it (audit_tree). Of `options` only `deep`
/// counts. Throws Error{usage} for a place with a digest.
void audit_tree(Session& session, const Place& place, const TreeAuditOptions& options,
                const TreeAuditListener& listener);

/// collect_tree_garbage() in the tree at `path`.
TreeGcReport collect_tree_garbage(Session& session, const std::string& path,
                                  const TreeGcOptions& options,
                                  const std::function<void(const TreeGarbage&)>& on_garbage,
                                  const OnKeptRepository& on_kept);

/// repair_tree() in the tree at `path`.
TreeRepairReport repair_tree(Session& session, const std::string& path,
                             const TreeRepairOptions& options,
                             const std::function<void(const TreeRepairAct&)>& on_act);

} // namespace regctl::ops
