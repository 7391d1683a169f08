// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"

#include <regctl/cli/exit_code.hpp>
#include <regctl/ops/scope.hpp>

#include <string>
#include <vector>

namespace regctl::cli {

/// --include, --exclude, --include-tag and --exclude-tag; `verb` is what is done with what they
/// leave ("Mirror").
void add_filter_flags(Arguments& arguments, ops::mirror::Filter& repositories,
                      ops::mirror::TagFilter& tags, const std::string& verb);

/// The places and filters of a command that compares.
struct ScopeFlags {
  std::string a;
  std::string b;
  ops::Scope scope; ///< its filters
  bool is_strict = false;
};

/// What A may be.
inline constexpr const char* k_scope_a =
    "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository or tag "
    "(HOST[:PORT]/NAME[:TAG]), v1-storage:DIR[:NAME[:TAG]], or docker-archive:FILE";

/// What the flags come to. Throws Error{usage}.
ops::Scope scope_of(const ScopeFlags& flags, Context& context);

/// --strict of a command that has those.
void add_strict_flag(Arguments& arguments, bool& is_strict);

/// Tells the patterns of a comparison that no name matched. See note_unmatched().
ExitCode note_unmatched(Context& context, const ops::Scope& scope, const ops::Problems& problems,
                        bool is_strict, ExitCode code);

/// Tells the patterns that no name matched, once all names have been compared. With `is_strict` the
/// code of a good end becomes not_found if there are any.
ExitCode note_unmatched(Context& context, const std::vector<std::string>& patterns, bool is_strict,
                        ExitCode code);

/// The end of a command that could not look at everything: ok without problems, else that of their
/// cause if there is one alone and nothing else was looked at, else partial.
ExitCode exit_code_of(const ops::Problems& problems, std::uint64_t looked_at);

} // namespace regctl::cli
