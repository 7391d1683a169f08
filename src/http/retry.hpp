// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace regctl::http {

/// The longest pause that the client chooses, and the longest that a server may ask for.
inline constexpr std::chrono::milliseconds k_longest_delay{30'000};
inline constexpr std::chrono::milliseconds k_longest_retry_after{600'000};

/// The pause before attempt `attempt` + 1 (attempts count from 1): `first`, doubled each time, at
/// most k_longest_delay. `jitter` (0 to 1) takes away up to a half. The result is at least
/// `retry_after`, because the server asked for that.
std::chrono::milliseconds retry_delay(unsigned attempt, std::chrono::milliseconds first,
                                      double jitter,
                                      std::optional<std::chrono::milliseconds> retry_after);

/// The time from `now` that a Retry-After header (seconds or HTTP date) asks to wait: 0 for a date
/// in the past, nothing for other values. Source: RFC 9110 section 10.2.3.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, std::time_t now);

/// Whether the same request may succeed later: after 429 and 5xx, except 501 and 505, which say
/// that the server does not support it.
bool is_passing(int status) noexcept;

/// The number of retries after `status`: all `retries` after 429, 502, 503 and 504; at most 3 after
/// other temporary statuses, which may be permanent (docker-registry 0.9 answers 500 both for
/// damaged data and for a passing fault); none after other statuses.
unsigned retries_after(int status, unsigned retries) noexcept;

} // namespace regctl::http
