// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/seeded_hash.hpp>

#include <sys/auxv.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace regctl {

namespace {

struct Seed {
  std::uint64_t begin = 0;
  std::uint64_t factor = 0; ///< odd
};

const Seed& seed() noexcept {
  static const Seed k_seed = [] {
    Seed seed;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells an address as a number
    std::memcpy(&seed, reinterpret_cast<const void*>(::getauxval(AT_RANDOM)), sizeof seed);
    seed.factor |= 1U;
    return seed;
  }();
  return k_seed;
}

} // namespace

std::size_t seeded_hash(std::span<const std::byte> bytes) noexcept {
  const auto& [begin, factor] = seed();
  auto hash = begin ^ bytes.size();
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const auto size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32U; // the upper half is mixed better
    bytes = bytes.subspan(size);
  }
  return static_cast<std::size_t>(hash * factor ^ hash);
}

} // namespace regctl
