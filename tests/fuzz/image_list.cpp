// SPDX-License-Identifier: Apache-2.0
#include "server/image_list.hpp"

#include "fuzz/fuzz.hpp"

#include <regctl/model/v1_image.hpp>

#include <algorithm>

/// The body of an announcement.
void fuzz(const std::string& input) {
  regctl::server::ImageList list;
  const auto refusal = regctl::server::read_image_list(input, list);
  const bool are_ids = std::all_of(list.ids.begin(), list.ids.end(), regctl::is_v1_id);
  if (!are_ids || list.ids.size() != list.sums.size() || (refusal && refusal->status < 400)) {
    __builtin_trap();
  }
}
