// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/waiting_links.hpp"

#include <utility>

namespace regctl::ops {

void WaitingLinks::add(const std::string& name, const std::string& target) {
  forget(name);
  by_target_[target].insert(name);
  target_of_[name] = target;
  size_bytes_ += name.size();
}

bool WaitingLinks::join(const std::string& name, const std::string& other) {
  const auto found = target_of_.find(other);
  if (found == target_of_.end()) {
    return false;
  }
  add(name, std::string(found->second));
  return true;
}

void WaitingLinks::forget(const std::string& name) {
  const auto found = target_of_.find(name);
  if (found == target_of_.end()) {
    return;
  }
  const auto links = by_target_.find(found->second);
  links->second.erase(name);
  if (links->second.empty()) {
    by_target_.erase(links);
  }
  target_of_.erase(found);
  size_bytes_ -= name.size();
}

std::vector<std::string> WaitingLinks::targets_below(const std::string& folder) const {
  std::vector<std::string> targets;
  const auto beginning = folder.empty() ? "" : folder + "/";
  for (auto target = by_target_.lower_bound(beginning);
       target != by_target_.end() && target->first.starts_with(beginning); ++target) {
    targets.push_back(target->first);
  }
  return targets;
}

WaitingLinks::Names WaitingLinks::take(const std::string& target) {
  const auto found = by_target_.find(target);
  if (found == by_target_.end()) {
    return {};
  }
  auto names = std::move(found->second);
  by_target_.erase(found);
  for (const auto& name : names) {
    target_of_.erase(name);
    size_bytes_ -= name.size();
  }
  return names;
}

} // namespace regctl::ops
