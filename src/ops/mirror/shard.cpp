// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/ops/mirror/rules.hpp>

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

/// A name's weight in a share depends only on the name and the share's number. One more share
/// therefore takes a few names from each share and moves no others. Users rely on these values:
/// shares of one mirror may be run by different versions.
std::uint64_t seed_of(std::string_view name) {
  return parse_whole_number<std::uint64_t>(sha256_hex(name).substr(0, 16), 16).value();
}

} // namespace

Shard Shard::parse(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto index = parse_whole_number<std::size_t>(text.substr(0, slash));
  const auto count = parse_whole_number<std::size_t>(text.substr(std::min(slash + 1, text.size())));
  if (!index || !count || *index < 1 || *index > *count || *count > k_count_limit) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' is not a share of the work",
                "write I/N, from 1/N to N/N; N is at most " + std::to_string(k_count_limit));
  }
  return {*index, *count};
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
