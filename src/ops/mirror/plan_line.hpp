// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/mirror/plan.hpp>

#include <string>
#include <string_view>

namespace regctl::ops::mirror {

/// One line of the files that --plan and --failures write and that --apply and --repositories-from
/// read: the action for a tag, or a repository whose tags are still to be planned.
struct PlanLine {
  std::string from;       ///< the mirror's ends in the form of Endpoint::to_string(),
  std::string to;         ///< or both "" if the line names no mirror
  PlannedTag tag;         ///< for a repository only the source's name is set
  bool is_mirror = false; ///< the whole mirror: there is no tag
  bool is_repository = false;
  bool is_ruled = false; ///< for a repository: its mirror has Rules::shape_repositories(); for a
                         ///< mirror: MirrorJob::has_rules()
};

/// A line for a tag: a JSON object without line feeds.
std::string print_plan_line(const PlanLine& line);

/// Whether a line of such a file says nothing: it is blank or begins with '#'.
[[nodiscard]] bool is_remark(std::string_view line) noexcept;

/// Reads a line of print_plan_line(), a report's record of a tag or a repository, or the name of a
/// repository. Throws Error{protocol} "WHERE: …" for any other line.
PlanLine parse_plan_line(const std::string& line, const std::string& where);

} // namespace regctl::ops::mirror
