// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/oci/tree_care.hpp>

namespace regctl::ops {

void audit_tree(Session& session, const Place& place, const TreeAuditOptions& options,
                const TreeAuditListener& listener) {
  TreeAuditOptions wanted{.deep = options.deep, .jobs = session.jobs()};
  if (place.reference) {
    if (place.reference->digest) {
      throw Error(ErrorKind::usage, "audit looks at repositories and tags, not at one digest",
                  "leave out @" + *place.reference->digest);
    }
    wanted.repository = place.reference->name;
    wanted.tag = place.reference->tag;
  }
  audit_tree(*open_v2_storage(session, place.path)->snapshot(), wanted, listener);
}

TreeGcReport collect_tree_garbage(Session& session, const std::string& path,
                                  const TreeGcOptions& options,
                                  const std::function<void(const TreeGarbage&)>& on_garbage,
                                  const OnKeptRepository& on_kept) {
  return collect_tree_garbage(open_v2_storage(session, path), options, on_garbage, on_kept);
}

TreeRepairReport repair_tree(Session& session, const std::string& path,
                             const TreeRepairOptions& options,
                             const std::function<void(const TreeRepairAct&)>& on_act) {
  return repair_tree(open_v2_storage(session, path), options, on_act);
}

} // namespace regctl::ops
