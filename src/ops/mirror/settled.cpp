// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/settled.hpp"

#include <utility>

namespace regctl::ops::mirror {

SettledKeys::State SettledKeys::state(const std::string& key) const {
  const auto found = problems_.find(key);
  if (found == problems_.end()) {
    return State::unknown;
  }
  return found->second ? State::failed : State::there;
}

std::exception_ptr SettledKeys::problem(const std::string& key) const {
  const auto found = problems_.find(key);
  return found == problems_.end() ? nullptr : found->second;
}

void SettledKeys::put(const std::string& key, std::exception_ptr problem) {
  const auto [entry, is_new] = problems_.insert_or_assign(key, std::move(problem));
  if (!is_new) {
    return;
  }
  order_.push_back(&entry->first); // keys of an unordered_map never move
  if (order_.size() > k_limit) {
    problems_.erase(problems_.find(*order_.front()));
    order_.pop_front();
  }
}

} // namespace regctl::ops::mirror
