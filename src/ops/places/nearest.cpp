// SPDX-License-Identifier: Apache-2.0
#include "ops/places/nearest.hpp"

#include <regctl/base/nearest.hpp>
#include <regctl/base/text.hpp>

namespace regctl::ops {

namespace {

constexpr std::size_t k_shown_names = 5;

} // namespace

std::string suggestion(std::string_view wanted, const std::vector<std::string>& names) {
  if (names.empty()) {
    return {};
  }
  const auto nearest = find_nearest(wanted, names);
  return nearest ? "did you mean " + *nearest + "?"
                 : "there are: " + list_some(names, k_shown_names);
}

} // namespace regctl::ops
