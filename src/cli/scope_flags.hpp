// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "cli/context.hpp"

#include <regctl/cli/exit_code.hpp>
#include <regctl/ops/scope.hpp>

#include <string>

namespace regctl::cli {

/// --include, --exclude, --include-tag and --exclude-tag; `verb` is what is done with what they
/// leave ("Mirror").
void add_filter_flags(Arguments& arguments, ops::mirror::Filter& repositories,
                      ops::mirror::Filter& tags, const std::string& verb);

/// The places and filters of a command that compares.
struct ScopeFlags {
  std::string a;
  std::string b;
  ops::Scope scope; ///< its filters
};

/// What A may be.
inline constexpr const char* k_scope_a =
    "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository or tag "
    "(HOST[:PORT]/NAME[:TAG]), v1-storage:DIR[:NAME[:TAG]], or docker-archive:FILE";

/// What the flags come to. Throws Error{usage}.
ops::Scope scope_of(const ScopeFlags& flags, Context& context);

/// The end of a command that could not look at everything: ok without problems, else that of their
/// cause if there is one alone and nothing else was looked at, else partial.
ExitCode exit_code_of(const ops::Problems& problems, std::uint64_t looked_at);

} // namespace regctl::cli
