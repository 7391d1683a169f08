// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops {

/// Texts by name, for hundreds of thousands of names: digests and IDs take half the space of their
/// digits, and no entry has memory of its own. One entry more than `limit` drops an eighth of them,
/// those that were not used for the longest time. Not thread-safe.
class FactTable {
public:
  explicit FactTable(std::size_t limit) : limit_(limit) {}

  /// The text, which counts as used.
  std::optional<std::string> find(std::string_view name);

  /// Adds or replaces a text, which counts as used. Returns whether it is new.
  bool put(std::string_view name, std::string_view text);

  /// Adds a text as one that was never used, unless the name has one or the table is full.
  void add_unused(std::string_view name, std::string_view text);

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - dropped_; }

  using OnEntry = std::function<void(const std::string& name, const std::string& text)>;
  /// Calls `on_entry` for each entry, the one that was used last as the last.
  void for_each(const OnEntry& on_entry) const;

private:
  static constexpr std::uint32_t k_none = UINT32_MAX;

  struct Entry {
    std::uint32_t block = k_none; ///< k_none: it was dropped
    std::uint32_t begin = 0;
    std::uint32_t name_bytes = 0;
    std::uint32_t text_bytes = 0; ///< behind the name
    std::uint32_t used = 0;       ///< the time of the last use; 0: never
  };
  struct Block {
    std::unique_ptr<char[]> bytes; // NOLINT(modernize-avoid-c-arrays): no zeros are written first
    std::size_t size = 0;
    std::size_t filled = 0;
  };

  [[nodiscard]] std::string_view name_of(const Entry& entry) const noexcept;
  [[nodiscard]] std::string_view text_of(const Entry& entry) const noexcept;
  [[nodiscard]] std::size_t slot_of(std::string_view packed_name) const noexcept;
  [[nodiscard]] Entry* find_entry(std::string_view packed_name) noexcept;
  static Entry store(std::vector<Block>& blocks, std::string_view name, std::string_view text);
  void add(std::string_view name, std::string_view text, std::uint32_t used);
  void drop(Entry& entry);
  void drop_oldest();
  void tidy();
  void index();

  std::size_t limit_;
  std::vector<Entry> entries_; ///< in the order of their bytes
  std::size_t dropped_ = 0;    ///< of entries_
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> slots_; ///< numbers of entries, found by the hash of a name
  std::uint32_t now_ = 0;
};

} // namespace regctl::ops
