// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

namespace regctl::ops::mirror {

namespace {

/// Whether `regex` may have a '|' outside of groups, so that "^" and "$" are of one branch alone.
bool may_have_branches(std::string_view regex) {
  int depth = 0;
  bool is_in_set = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\') {
      if (i + 1 < regex.size() && regex[i + 1] == 'Q') {
        return true; // quoted text hides what is behind it
      }
      ++i;
    } else if (is_in_set) {
      is_in_set = c != ']';
    } else if (c == '[') {
      is_in_set = true;
      i += i + 1 < regex.size() && regex[i + 1] == '^' ? 1 : 0;
      i += i + 1 < regex.size() && regex[i + 1] == ']' ? 1 : 0; // "[]" is no end yet
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
    } else if (c == '|' && depth == 0) {
      return true;
    }
  }
  return false;
}

/// Whether the last '$' stands for the end of the text, and not for itself.
bool ends_at_end(std::string_view regex) {
  if (!regex.ends_with('$')) {
    return false;
  }
  const auto before = regex.substr(0, regex.size() - 1);
  const auto last = before.find_last_not_of('\\');
  const auto backslashes = before.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 0;
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string_view::npos;
}

} // namespace

std::string pattern_of_search(std::string_view regex) {
  if (may_have_branches(regex)) {
    return "/.*(?:" + std::string(regex) + ").*/";
  }
  const bool has_begin = regex.starts_with('^');
  const bool has_end = ends_at_end(regex);
  auto inner = regex.substr(has_begin ? 1 : 0);
  inner.remove_suffix(has_end ? 1 : 0);
  if (has_begin && has_end && is_word(inner)) {
    return std::string(inner);
  }
  return "/" + std::string(has_begin ? "" : ".*") + std::string(inner) + (has_end ? "" : ".*") +
         "/";
}

} // namespace regctl::ops::mirror
