// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/finding_words.hpp"

#include <regctl/model/v1/image.hpp>

namespace regctl::ops {

std::string words_for_ancestry(std::size_t recorded, std::size_t expected) {
  return recorded == expected ? "lists other images than the parents tell, or in another order"
                              : "lists " + std::to_string(recorded) + " images instead of " +
                                    std::to_string(expected);
}

std::string words_for_other_image(const std::string& id) {
  return "it is the JSON of image " + short_id(id);
}

std::string words_for_lost_parent(const std::string& parent) {
  return "its parent " + short_id(parent) + " is not there";
}

std::string words_for_lost_parent_of(const std::string& child) {
  return "it is the parent of image " + short_id(child);
}

} // namespace regctl::ops
