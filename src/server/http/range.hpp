// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regctl::server {

/// The part of a layer that a Range header asks for.
struct ByteRange {
  enum class Kind {
    whole,         ///< no header, or an unsupported one: several ranges, other units than bytes
    part,          ///< 206
    unsatisfiable, ///< 416
  };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t size_bytes = 0;
};

/// Reads "bytes=N-", "bytes=N-M" and "bytes=-N" for a resource of `size_bytes`. An end after the
/// last byte is clamped (engines 1.5 to 1.9 ask for "N-SIZE"). A malformed header is `whole`, as
/// RFC 9110 section 14.2 requires.
ByteRange parse_range(std::optional<std::string_view> header, std::uint64_t size_bytes);

} // namespace regctl::server
