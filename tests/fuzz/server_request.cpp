// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "server/http/decoding.hpp"
#include "server/http/range.hpp"
#include "server/v1/target.hpp"

#include <regctl/formats/v1_storage.hpp>

/// The first line is a request's target, the second a Range header.
void fuzz(const std::string& input) {
  using namespace regctl::server;
  const auto end = input.find('\n');
  const auto target = input.substr(0, end);
  const auto range = end == std::string::npos ? std::string() : input.substr(end + 1);
  constexpr std::uint64_t k_size = 1000;
  for (const auto size : {std::uint64_t{0}, std::uint64_t{1}, k_size}) {
    const auto part = parse_range(range, size);
    if (part.first > size || part.size_bytes > size - part.first) {
      __builtin_trap();
    }
  }
  decode_query(target);
  const auto path = decode_path(target);
  if (!path) {
    return;
  }
  const auto parsed = parse_target(*path);
  to_string(parsed.kind);
  if (!parsed.name.empty()) {
    regctl::V1Storage::check_name(parsed.name);
  }
}
