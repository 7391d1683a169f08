// SPDX-License-Identifier: Apache-2.0
#include "cli/scope_flags.hpp"

#include "cli/places.hpp"

#include <regctl/ops/places/names.hpp>
#include <regctl/ops/problem.hpp>

namespace regctl::cli {

namespace {

Arguments::Take add_tag_pattern(std::vector<Pattern>& patterns) {
  return [&patterns](const std::string& text) { patterns.push_back(ops::parse_tag_pattern(text)); };
}

Arguments::Take add_name_pattern(std::vector<Pattern>& patterns) {
  return
      [&patterns](const std::string& text) { patterns.push_back(ops::parse_name_pattern(text)); };
}

} // namespace

void add_filter_flags(Arguments& arguments, ops::Filter& repositories, ops::TagFilter& tags,
                      const std::string& verb) {
  arguments.values("--include", "PATTERN", add_name_pattern(repositories.include),
                   verb + " repositories with such a name only: a glob ('team/*', 'team/**') or "
                          "'/regex/'");
  arguments.values(
      "--exclude", "PATTERN",
      [&repositories, &tags](const std::string& text) {
        ops::add_exclusion(ops::Exclusion::parse(text), repositories, tags);
      },
      "Leave out repositories with such a name; NAME:TAG leaves out tags of those alone");
  arguments.values("--include-tag", "PATTERN", add_tag_pattern(tags.include),
                   verb + " tags with such a name only");
  arguments.values("--exclude-tag", "PATTERN", add_tag_pattern(tags.exclude),
                   "Leave out tags with such a name");
}

void add_strict_flag(Arguments& arguments, bool& is_strict) {
  arguments.flag("--strict", is_strict, "End with 3 if a pattern matches nothing");
}

ExitCode note_unmatched(Context& context, const std::vector<std::string>& patterns, bool is_strict,
                        ExitCode code) {
  for (const auto& pattern : patterns) {
    const auto sentence = pattern + " matches nothing";
    is_strict ? context.failure(sentence) : context.note(sentence);
  }
  const bool is_good = code == ExitCode::ok || code == ExitCode::work;
  return is_strict && is_good && !patterns.empty() ? ExitCode::not_found : code;
}

ExitCode note_unmatched(Context& context, const ops::Scope& scope, const ops::Problems& problems,
                        bool is_strict, ExitCode code) {
  const bool is_one = scope.a.reference() != nullptr; // a single name is not compared with patterns
  return note_unmatched(
      context,
      ops::unmatched_patterns(is_one ? ops::Filter() : scope.repositories, scope.tags,
                              problems.number == 0 ? ops::ComparedNames::repositories_and_tags
                                                   : ops::ComparedNames::repositories),
      is_strict, code);
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
  const auto kind = ops::explain(problems.first).kind;
  if (looked_at > 0 || !problems.have_one_cause) {
    return ExitCode::partial;
  }
  return kind ? exit_code_of(*kind) : ExitCode::failed;
}

} // namespace regctl::cli
