// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace regctl {

/// A cache by name: at most `limit` entries (1 or more). One more entry drops the one that was
/// added first. Entries do not move until they are dropped. Not thread-safe.
template <class Value> class LimitedMap {
public:
  using Entry = std::pair<const std::string, Value>;
  using Entries = std::list<Entry>;

  explicit LimitedMap(std::size_t limit) : limit_(limit) {}
  ~LimitedMap() = default;
  LimitedMap(const LimitedMap&) = delete; ///< the copy's index would refer to the original
  LimitedMap& operator=(const LimitedMap&) = delete;
  LimitedMap(LimitedMap&&) noexcept = default;
  LimitedMap& operator=(LimitedMap&&) noexcept = default;

  /// Null if `key` has no entry.
  [[nodiscard]] Value* find(std::string_view key) {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &place->second->second;
  }
  [[nodiscard]] const Value* find(std::string_view key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &place->second->second;
  }
  [[nodiscard]] bool contains(std::string_view key) const { return places_.contains(key); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// The entry of `key`, and whether it is new: then it is made of `arguments`.
  template <class... Arguments>
  std::pair<Value&, bool> try_emplace(std::string_view key, Arguments&&... arguments) {
    if (auto* known = find(key)) {
      return {*known, false};
    }
    entries_.emplace_back(std::piecewise_construct, std::forward_as_tuple(key),
                          std::forward_as_tuple(std::forward<Arguments>(arguments)...));
    places_.emplace(entries_.back().first, std::prev(entries_.end()));
    if (entries_.size() > limit_) {
      erase_oldest();
    }
    return {entries_.back().second, true};
  }

  /// Adds or replaces an entry; a replaced entry keeps its age.
  void put(std::string_view key, Value value) {
    const auto [entry, is_new] = try_emplace(key, std::move(value));
    if (!is_new) {
      entry = std::move(value); // try_emplace() has not moved from it
    }
  }

  /// Makes the entry the youngest, if there is one.
  void renew(std::string_view key) {
    if (const auto place = places_.find(key); place != places_.end()) {
      entries_.splice(entries_.end(), entries_, place->second);
    }
  }

  void erase(std::string_view key) {
    if (const auto place = places_.find(key); place != places_.end()) {
      const auto entry = place->second;
      places_.erase(place);
      entries_.erase(entry);
    }
  }

  /// Drops the entry that was added first; there must be one.
  void erase_oldest() {
    places_.erase(entries_.front().first);
    entries_.pop_front();
  }

  /// All entries in the order in which they were added or renewed.
  [[nodiscard]] const Entries& entries() const noexcept { return entries_; }

private:
  std::size_t limit_;
  Entries entries_;
  std::unordered_map<std::string_view, typename Entries::iterator, SeededHash> places_;
};

/// Names without values, under the same limit.
class LimitedSet {
public:
  explicit LimitedSet(std::size_t limit) : names_(limit) {}

  /// False if the name was already there.
  bool insert(std::string_view name) { return names_.try_emplace(name).second; }
  [[nodiscard]] bool contains(std::string_view name) const { return names_.contains(name); }

private:
  struct Nothing {};
  LimitedMap<Nothing> names_;
};

} // namespace regctl
