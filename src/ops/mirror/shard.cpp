// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/ops/mirror/rules.hpp>

#include <charconv>

namespace regctl::ops::mirror {

namespace {

constexpr std::size_t k_count_limit = 10'000; // each name is weighed for each share

/// The finalizer of SplitMix64: every bit of the input changes half of the output's.
std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// What the name weighs in each share depends on it and the share's number alone, so that another
/// share more takes a few names from each and nothing else moves. Part of what users rely on:
/// shares of one mirror may be run by different versions.
std::uint64_t seed_of(std::string_view name) {
  const auto hex = sha256_hex(name);
  std::uint64_t seed = 0;
  std::from_chars(hex.data(), hex.data() + 16, seed, 16);
  return seed;
}

bool take_number(std::string_view text, std::size_t& number) {
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end;
}

} // namespace

Shard Shard::parse(std::string_view text) {
  Shard shard;
  const auto slash = std::min(text.find('/'), text.size());
  const bool are_numbers = slash < text.size() && take_number(text.substr(0, slash), shard.index) &&
                           take_number(text.substr(slash + 1), shard.count);
  if (!are_numbers || shard.index < 1 || shard.index > shard.count || shard.count > k_count_limit) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not a share of the work",
                "write I/N, from 1/N to N/N; N is at most " + std::to_string(k_count_limit));
  }
  return shard;
}

bool Shard::takes(std::string_view repository) const {
  const auto seed = seed_of(repository);
  std::size_t heaviest = 1;
  std::uint64_t best = 0;
  for (std::size_t i = 1; i <= count; ++i) {
    if (const auto weight = mix(seed ^ mix(i)); weight > best) {
      best = weight;
      heaviest = i;
    }
  }
  return heaviest == index;
}

} // namespace regctl::ops::mirror
