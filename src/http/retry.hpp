// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace regctl::http {

/// The longest pause that we choose, and the longest that a server may ask for.
inline constexpr std::chrono::milliseconds k_longest_delay{30'000};
inline constexpr std::chrono::milliseconds k_longest_retry_after{600'000};

/// The pause before attempt `attempt` + 1 (attempt counts from 1): `first` doubled each time, at
/// most k_longest_delay, of which `jitter` (0 to 1) takes away up to a half; at least
/// `retry_after`, which is a hard minimum because the server asked for it.
std::chrono::milliseconds retry_delay(unsigned attempt, std::chrono::milliseconds first,
                                      double jitter,
                                      std::optional<std::chrono::milliseconds> retry_after);

/// The value of a Retry-After header, seconds or HTTP date, from `now` on; nothing if it is
/// neither; 0 for a date in the past. Source: RFC 9110 section 10.2.3.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, std::time_t now);

/// True for statuses after which the same request may succeed: 429 and 5xx, but for 501 and 505,
/// which say that the server cannot do it.
bool is_passing(int status) noexcept;

/// How many of `retries` are worth it after `status`: all after 429, 502, 503 and 504, at most 3
/// after what else is passing, which may be there to stay (docker-registry 0.9 answers 500 for what
/// is damaged, and for what failed once), none after the rest.
unsigned retries_after(int status, unsigned retries) noexcept;

} // namespace regctl::http
