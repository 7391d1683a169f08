// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>

namespace regctl::http {

/// How many more requests a server allows.
struct RateLimit {
  std::uint64_t remaining = 0;
  /// From now, until more are allowed; nothing if the server does not tell. At most a century.
  std::optional<std::chrono::milliseconds> renewed_in;
};

/// The limit that the headers of an answer tell, which comes at `now`; nothing without
/// RateLimit-Remaining. The time is that of RateLimit-Reset, in seconds or as GitLab sends it,
/// since 1970; else the whole window ("76;w=21600"), by whose end everything is renewed. Sources:
/// draft-ietf-httpapi-ratelimit-headers 00 to 06; Docker Hub's and GitLab's documentation.
std::optional<RateLimit> read_rate_limit(const Headers& headers, std::time_t now);

} // namespace regctl::http
