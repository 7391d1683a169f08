// SPDX-License-Identifier: Apache-2.0
#include "ops/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::size_t k_shown_names = 5;
constexpr std::size_t k_compared_names = 10'000; // a hint is not worth more time

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::iota(before.begin(), before.end(), std::size_t{0});
  for (const char wanted : a) {
    std::vector<std::size_t> row = {before.front() + 1};
    for (std::size_t j = 0; j < b.size(); ++j) {
      row.push_back(std::min({before[j] + (wanted == b[j] ? 0 : 1), before[j + 1] + 1, row[j] + 1}));
    }
    before = std::move(row);
  }
  return before.back();
}

std::string listing(const std::vector<std::string>& names) {
  std::string text = "there are: ";
  for (std::size_t i = 0; i < std::min(names.size(), k_shown_names); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() > k_shown_names ? text + ", …" : text;
}

} // namespace

std::string suggestion(std::string_view wanted, const std::vector<std::string>& names) {
  if (names.empty()) {
    return {};
  }
  const auto end =
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), k_compared_names));
  const auto nearest = std::min_element(names.begin(), end, [&](const auto& a, const auto& b) {
    return distance(wanted, a) < distance(wanted, b);
  });
  return distance(wanted, *nearest) * 3 <= wanted.size() ? "did you mean " + *nearest + "?"
                                                         : listing(names);
}

} // namespace regctl::ops
