// SPDX-License-Identifier: Apache-2.0
#include "cli/scope_flags.hpp"

#include "cli/places.hpp"

#include <regctl/ops/mirror/names.hpp>
#include <regctl/ops/mirror/report.hpp>

namespace regctl::cli {

namespace {

Arguments::Take add_pattern(std::vector<Pattern>& patterns) {
  return [&patterns](const std::string& text) { patterns.push_back(Pattern::parse(text)); };
}

Arguments::Take add_name_pattern(std::vector<Pattern>& patterns) {
  return [&patterns](const std::string& text) {
    patterns.push_back(ops::mirror::parse_name_pattern(text));
  };
}

} // namespace

void add_filter_flags(Arguments& arguments, ops::mirror::Filter& repositories,
                      ops::mirror::Filter& tags, const std::string& verb) {
  arguments.values("--include", "PATTERN", add_name_pattern(repositories.include),
                   verb + " repositories with such a name only: a glob ('team/*', 'team/**') or "
                          "'/regex/'");
  arguments.values("--exclude", "PATTERN", add_name_pattern(repositories.exclude),
                   "Leave out repositories with such a name");
  arguments.values("--include-tag", "PATTERN", add_pattern(tags.include),
                   verb + " tags with such a name only");
  arguments.values("--exclude-tag", "PATTERN", add_pattern(tags.exclude),
                   "Leave out tags with such a name");
}

ops::Scope scope_of(const ScopeFlags& flags, Context& context) {
  auto scope = flags.scope;
  scope.a = parse_endpoint(context, flags.a);
  if (!flags.b.empty()) {
    scope.b = parse_endpoint(context, flags.b);
  }
  return scope;
}

ExitCode exit_code_of(const ops::Problems& problems, std::uint64_t looked_at) {
  if (problems.number == 0) {
    return ExitCode::ok;
  }
  const auto kind = ops::mirror::explain(problems.first).kind;
  if (looked_at > 0 || !problems.have_one_cause) {
    return ExitCode::partial;
  }
  return kind ? exit_code_of(*kind) : ExitCode::failed;
}

} // namespace regctl::cli
