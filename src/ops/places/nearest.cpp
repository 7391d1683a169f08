// SPDX-License-Identifier: Apache-2.0
#include "ops/places/nearest.hpp"

#include <regctl/base/nearest.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

constexpr std::size_t k_shown_names = 5;

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
  const auto nearest = find_nearest(wanted, names);
  return nearest ? "did you mean " + *nearest + "?" : listing(names);
}

} // namespace regctl::ops
