// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <exception>
#include <string>

namespace regctl::ops::mirror {

/// The result for an item at one destination, as far as a run knows it.
enum class Settlement { unknown, there, failed };

/// The results for items at one destination during a run, by their keys. Remembers the last
/// k_limit. A forgotten key is looked up at the destination again: correct, at the cost of a
/// request. Not thread-safe.
class SettledKeys {
public:
  [[nodiscard]] Settlement find(const std::string& key) const;
  /// Why a key failed; null unless it failed.
  [[nodiscard]] std::exception_ptr problem(const std::string& key) const;

  /// Records that the key is at the destination or, with a `problem`, that it failed for good.
  void put(const std::string& key, std::exception_ptr problem = nullptr);

  static constexpr std::size_t k_limit = 32'768;

private:
  LimitedMap<std::exception_ptr> problems_{k_limit}; // null: there
};

} // namespace regctl::ops::mirror
