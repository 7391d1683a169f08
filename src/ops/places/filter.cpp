// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/places/filter.hpp>
#include <regctl/ops/places/names.hpp>

#include <utility>

namespace regctl::ops {

namespace {

void add_unmatched(const std::vector<Pattern>& patterns, const std::string& flag,
                   std::vector<std::string>& found) {
  for (const auto& pattern : patterns) {
    if (!pattern.has_matched()) {
      found.push_back(flag + " '" + pattern.to_string() + "'");
    }
  }
}

} // namespace

bool Filter::takes(std::string_view name) const {
  const bool is_excluded = any_matches(exclude, name);
  return (include.empty() || any_matches(include, name)) && !is_excluded;
}

Exclusion Exclusion::parse(std::string_view text) {
  const bool is_regex = text.starts_with('/');
  const auto end = is_regex ? text.find("/:", 1) : text.rfind(':');
  if (end == std::string_view::npos) {
    return {parse_name_pattern(text), std::nullopt};
  }
  const auto colon = is_regex ? end + 1 : end;
  return {parse_name_pattern(text.substr(0, colon)), parse_tag_pattern(text.substr(colon + 1))};
}

std::string Exclusion::to_string() const {
  return repository.to_string() + (tag ? ":" + tag->to_string() : "");
}

bool TagFilter::takes(std::string_view repository, std::string_view tag) const {
  bool is_excluded = false;
  for (const auto& exclusion : exclude_of) {
    is_excluded =
        (exclusion.repository.matches(repository) && exclusion.tag->matches(tag)) || is_excluded;
  }
  return Filter::takes(tag) && !is_excluded;
}

void add_exclusion(Exclusion exclusion, Filter& repositories, TagFilter& tags) {
  if (exclusion.tag) {
    tags.exclude_of.push_back(std::move(exclusion));
  } else {
    repositories.exclude.push_back(std::move(exclusion.repository));
  }
}

std::vector<std::string> unmatched_patterns(const Filter& repositories, const TagFilter& tags,
                                            ComparedNames compared) {
  std::vector<std::string> found;
  add_unmatched(repositories.include, "--include", found);
  add_unmatched(repositories.exclude, "--exclude", found);
  if (compared == ComparedNames::repositories) {
    return found;
  }
  add_unmatched(tags.include, "--include-tag", found);
  add_unmatched(tags.exclude, "--exclude-tag", found);
  for (const auto& exclusion : tags.exclude_of) {
    if (!exclusion.tag->has_matched()) { // evaluated only if the repository's pattern matches
      found.push_back("--exclude '" + exclusion.to_string() + "'");
    }
  }
  return found;
}

} // namespace regctl::ops
