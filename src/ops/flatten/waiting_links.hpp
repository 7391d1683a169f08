// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace regctl::ops {

/// Hard links of an image whose content has not come yet, by the path that they are links to. Not
/// thread-safe.
class WaitingLinks {
public:
  using Names = std::set<std::string>;

  /// Puts `name` among the links that wait for `target`.
  void add(const std::string& name, const std::string& target);

  /// If `other` waits itself, `name` waits for the same as it, and the result is true.
  bool join(const std::string& name, const std::string& other);

  /// `name` waits no longer, if it did.
  void forget(const std::string& name);

  /// The targets that lie in `folder`, at any depth.
  [[nodiscard]] std::vector<std::string> targets_below(const std::string& folder) const;

  /// The links that wait for `target`, which wait no longer; empty if none does.
  Names take(const std::string& target);

  [[nodiscard]] bool empty() const noexcept { return by_target_.empty(); }
  /// Of all names that wait.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] const std::map<std::string, Names>& by_target() const noexcept {
    return by_target_;
  }

private:
  std::map<std::string, Names> by_target_;
  std::unordered_map<std::string, std::string> target_of_; ///< by name
  std::size_t size_bytes_ = 0;
};

} // namespace regctl::ops
