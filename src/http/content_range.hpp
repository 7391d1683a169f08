// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regctl::http {

/// A Content-Range header value: "bytes 10-19/200" or, as docker-registry 0.9 writes it,
/// "10-19/200". `first` and `last` are offsets of the first and last byte.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> size_bytes;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

} // namespace regctl::http
