// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/nearest.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_compared_names = 10'000; // a hint is not worth more time

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::iota(before.begin(), before.end(), std::size_t{0});
  for (const char wanted : a) {
    std::vector<std::size_t> row = {before.front() + 1};
    for (std::size_t j = 0; j < b.size(); ++j) {
      row.push_back(
          std::min({before[j] + (wanted == b[j] ? 0 : 1), before[j + 1] + 1, row[j] + 1}));
    }
    before = std::move(row);
  }
  return before.back();
}

} // namespace

std::optional<std::string> find_nearest(std::string_view wanted,
                                        const std::vector<std::string>& names) {
  const std::string* nearest = nullptr;
  std::size_t best = wanted.size() / 3 + 1;
  for (std::size_t i = 0; i < std::min(names.size(), k_compared_names); ++i) {
    if (const auto found = distance(wanted, names[i]); found < best) {
      best = found;
      nearest = &names[i];
    }
  }
  return nearest == nullptr ? std::nullopt : std::optional(*nearest);
}

} // namespace regctl
