// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/fact_table.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/seeded_hash.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace regctl::ops {

namespace {

constexpr std::size_t k_block_bytes = std::size_t{256} * 1024;
constexpr std::size_t k_least_slots = 1024;

constexpr std::string_view k_algorithm = "sha256:";
constexpr std::size_t k_digits = 64;

// What begins a part of a packed text that is not itself.
constexpr char k_hex = 1;     ///< 32 bytes, which are 64 digits
constexpr char k_digest = 2;  ///< the same behind "sha256:"
constexpr char k_literal = 3; ///< one byte of those up to this one

bool is_hex(std::string_view text) noexcept {
  return text.size() == k_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void pack_hex(std::string_view digits, std::string& packed) {
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    packed += static_cast<char>(hex_value(digits[i]) << 4U | hex_value(digits[i + 1]));
  }
}

/// `text` in less space.
std::string pack(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  while (!text.empty()) {
    const auto prefix = text.starts_with(k_algorithm) ? k_algorithm.size() : 0;
    if (const auto digits = text.substr(prefix, k_digits); is_hex(digits)) {
      packed += prefix == 0 ? k_hex : k_digest;
      pack_hex(digits, packed);
      text.remove_prefix(prefix + k_digits);
      continue;
    }
    if (text.front() >= 0 && text.front() <= k_literal) {
      packed += k_literal;
    }
    packed += text.front();
    text.remove_prefix(1);
  }
  return packed;
}

/// The text of which pack() made this.
std::string unpack(std::string_view packed) {
  std::string text;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const auto c = packed[i];
    if (c == k_hex || c == k_digest) {
      text += (c == k_digest ? k_algorithm : "");
      text += to_hex(packed.substr(i + 1, k_digits / 2));
      i += k_digits / 2;
    } else {
      text += c == k_literal ? packed[++i] : c;
    }
  }
  return text;
}

} // namespace

std::optional<std::string> FactTable::find(std::string_view name) {
  auto* entry = find_entry(pack(name));
  if (entry == nullptr) {
    return std::nullopt;
  }
  entry->used = ++now_;
  return unpack(text_of(*entry));
}

bool FactTable::put(std::string_view name, std::string_view text) {
  const auto packed_name = pack(name);
  const auto packed_text = pack(text);
  if (auto* entry = find_entry(packed_name)) {
    entry->used = ++now_;
    if (text_of(*entry) == packed_text) {
      return false;
    }
    drop(*entry);
  }
  if (size() >= limit_) {
    drop_oldest();
  }
  add(packed_name, packed_text, ++now_);
  return true;
}

void FactTable::add_unused(std::string_view name, std::string_view text) {
  const auto packed = pack(name);
  if (size() < limit_ && find_entry(packed) == nullptr) {
    add(packed, pack(text), 0);
  }
}

void FactTable::for_each(const OnEntry& on_entry) const {
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::erase_if(order, [&](auto number) { return entries_[number].block == k_none; });
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return entries_[a].used < entries_[b].used; });
  for (const auto number : order) {
    const auto& entry = entries_[number];
    on_entry(unpack(name_of(entry)), unpack(text_of(entry)));
  }
}

std::string_view FactTable::name_of(const Entry& entry) const noexcept {
  return {blocks_[entry.block].bytes.get() + entry.begin, entry.name_bytes};
}

std::string_view FactTable::text_of(const Entry& entry) const noexcept {
  return {blocks_[entry.block].bytes.get() + entry.begin + entry.name_bytes, entry.text_bytes};
}

/// The slot that has the entry, or the free one that is to get it. There is always a free one.
std::size_t FactTable::slot_of(std::string_view packed_name) const noexcept {
  auto slot = SeededHash()(packed_name) & (slots_.size() - 1);
  while (slots_[slot] != k_none) {
    const auto& entry = entries_[slots_[slot]];
    if (entry.block != k_none && name_of(entry) == packed_name) {
      break;
    }
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

FactTable::Entry* FactTable::find_entry(std::string_view packed_name) noexcept {
  if (slots_.empty()) {
    return nullptr;
  }
  const auto number = slots_[slot_of(packed_name)];
  return number == k_none ? nullptr : &entries_[number];
}

FactTable::Entry FactTable::store(std::vector<Block>& blocks, std::string_view name,
                                  std::string_view text) {
  const auto wanted = name.size() + text.size();
  if (blocks.empty() || blocks.back().size - blocks.back().filled < wanted) {
    const auto size = std::max(wanted, k_block_bytes);
    blocks.push_back({std::make_unique_for_overwrite<char[]>(size), size, 0}); // NOLINT: as above
  }
  auto& block = blocks.back();
  auto* const place = block.bytes.get() + block.filled;
  std::copy(name.begin(), name.end(), place);
  std::copy(text.begin(), text.end(), place + name.size());
  const Entry entry{
      static_cast<std::uint32_t>(blocks.size() - 1), static_cast<std::uint32_t>(block.filled),
      static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(text.size()), 0};
  block.filled += wanted;
  return entry;
}

void FactTable::add(std::string_view name, std::string_view text, std::uint32_t used) {
  if (dropped_ > k_least_slots && dropped_ > entries_.size() / 4) {
    tidy();
  }
  if ((entries_.size() + 1) * 2 > slots_.size()) {
    slots_.resize(std::max(slots_.size() * 2, k_least_slots));
    index();
  }
  auto entry = store(blocks_, name, text);
  entry.used = used;
  slots_[slot_of(name)] = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back(entry);
}

void FactTable::drop(Entry& entry) {
  entry.block = k_none; // its slot stays, so that those behind it are found
  ++dropped_;
}

void FactTable::drop_oldest() {
  tidy();
  std::vector<std::uint32_t> uses;
  uses.reserve(entries_.size());
  for (const auto& entry : entries_) {
    uses.push_back(entry.used);
  }
  auto excess = std::max<std::size_t>(entries_.size() / 8, 1);
  const auto last = uses.begin() + static_cast<std::ptrdiff_t>(excess - 1);
  std::nth_element(uses.begin(), last, uses.end());
  for (auto& entry : entries_) {
    if (excess > 0 && entry.used <= *last) {
      drop(entry);
      --excess;
    }
  }
  tidy();
}

/// Removes what was dropped, block by block, so that little memory is taken meanwhile.
void FactTable::tidy() {
  std::vector<Block> blocks;
  std::size_t kept = 0;
  std::size_t copied = 0; // blocks that are not needed any more
  for (const auto& entry : entries_) {
    if (entry.block == k_none) {
      continue;
    }
    for (; copied < entry.block; ++copied) {
      blocks_[copied].bytes.reset();
    }
    auto moved = store(blocks, name_of(entry), text_of(entry));
    moved.used = entry.used;
    entries_[kept++] = moved;
  }
  entries_.resize(kept);
  dropped_ = 0;
  blocks_ = std::move(blocks);
  index();
}

void FactTable::index() {
  std::fill(slots_.begin(), slots_.end(), k_none);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].block != k_none) {
      slots_[slot_of(name_of(entries_[i]))] = static_cast<std::uint32_t>(i);
    }
  }
}

} // namespace regctl::ops
