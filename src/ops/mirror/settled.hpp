// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <unordered_map>

namespace regctl::ops::mirror {

/// What has become of items at one destination during a run, by their keys. Remembers the last
/// k_limit: who asks for one that was forgotten asks the destination again, which costs a request
/// and is right. Not thread-safe.
class SettledKeys {
public:
  enum class State { unknown, there, failed };

  [[nodiscard]] State state(const std::string& key) const;
  /// Why a key failed; null unless it did.
  [[nodiscard]] std::exception_ptr problem(const std::string& key) const;

  /// The key is at the destination; with a `problem`, it failed for good.
  void put(const std::string& key, std::exception_ptr problem = nullptr);

  static constexpr std::size_t k_limit = 32'768;

private:
  std::unordered_map<std::string, std::exception_ptr, SeededHash> problems_; // null: there
  std::deque<const std::string*> order_; // keys of problems_, oldest first
};

} // namespace regctl::ops::mirror
