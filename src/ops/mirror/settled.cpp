// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/settled.hpp"

#include <utility>

namespace regctl::ops::mirror {

Settlement SettledKeys::find(const std::string& key) const {
  const auto* found = problems_.find(key);
  if (found == nullptr) {
    return Settlement::unknown;
  }
  return *found ? Settlement::failed : Settlement::there;
}

std::exception_ptr SettledKeys::problem(const std::string& key) const {
  const auto* found = problems_.find(key);
  return found == nullptr ? nullptr : *found;
}

void SettledKeys::put(const std::string& key, std::exception_ptr problem) {
  problems_.put(key, std::move(problem));
}

} // namespace regctl::ops::mirror
