// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"

#include <regctl/cli/exit_code.hpp>
#include <regctl/ops/places/scope.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// Declares --include, --exclude, --include-tag and --exclude-tag. `verb` says in their help what
/// the command does with the selected names ("Mirror").
void add_filter_flags(Arguments& arguments, ops::Filter& repositories, ops::TagFilter& tags,
                      const std::string& verb);

/// The places and filters of a command that compares.
struct ScopeFlags {
  std::string a;
  std::string b;
  ops::Scope scope; ///< only its filters are used
  bool is_strict = false;
};

/// Help text for the place A.
inline constexpr const char* k_scope_a =
    "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository or tag "
    "(HOST[:PORT]/NAME[:TAG]), v1-storage:DIR[:NAME[:TAG]], v2-storage:DIR[:NAME[:TAG]], "
    "docker-archive:FILE, oci:DIR[:NAME|@DIGEST] or oci-archive:FILE[:NAME|@DIGEST]";

/// The scope that the flags describe. Throws Error{usage}.
ops::Scope scope_of(const ScopeFlags& flags, Context& context);

/// Declares --strict for a command with these filters.
void add_strict_flag(Arguments& arguments, bool& is_strict);

/// Notes the patterns of a comparison that matched no name. See the next function.
ExitCode note_unmatched(Context& context, const ops::Scope& scope, const ops::Problems& problems,
                        bool is_strict, ExitCode code);

/// Notes the patterns that matched no name; all names must have been compared. With `is_strict` a
/// successful code becomes not_found if there are any.
ExitCode note_unmatched(Context& context, const std::vector<std::string>& patterns, bool is_strict,
                        ExitCode code);

/// The exit code of a command that could not examine everything. It is ok without problems; the
/// code of their cause if all have the same kind and nothing else was examined; partial otherwise.
ExitCode exit_code_of(const ops::Problems& problems, std::uint64_t looked_at);

} // namespace regctl::cli
