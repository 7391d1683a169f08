// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/plan.hpp>

#include <string>

namespace regctl::ops::mirror {

/// One line of what --plan and --failures write, and --apply and --repositories-from take: what is
/// to be done with a tag, or a repository whose tags are to be looked at first.
struct PlanLine {
  std::string from; ///< the ends of its mirror, as Endpoint::to_string() has them; both are "" for
  std::string to;   ///< a line that does not say
  PlannedTag tag;   ///< of a repository the source's name alone
  bool is_mirror = false; ///< all of it: there is no tag
  bool is_repository = false;
  bool is_ruled = false; ///< a repository of a mirror with rules, Rules::shape_repositories(); a
                         ///< mirror with any, MirrorJob::has_rules()
};

/// A line for a tag: a JSON object without line feeds.
std::string print_plan_line(const PlanLine& line);

/// Reads such an object, a report's record of a tag or a repository, or the name of a repository.
/// Throws Error{protocol} "WHERE: …" for what is none of these.
PlanLine parse_plan_line(const std::string& line, const std::string& where);

} // namespace regctl::ops::mirror
