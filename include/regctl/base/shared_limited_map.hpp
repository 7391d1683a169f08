// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace regctl {

/// A LimitedMap that several threads use. Thread-safe.
template <class Value> class SharedLimitedMap {
public:
  explicit SharedLimitedMap(std::size_t limit) : values_(limit) {}

  /// A copy of the value of `key`; nothing if it has none.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    const auto* found = values_.find(key);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }

  /// Adds a value, unless `key` has one.
  void add(std::string_view key, Value value) {
    const std::lock_guard lock(mutex_);
    values_.try_emplace(key, std::move(value));
  }

private:
  mutable std::mutex mutex_; ///< guards the member below
  LimitedMap<Value> values_;
};

} // namespace regctl
