// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <regctl/base/whole_number.hpp>
#include <regctl/http/date.hpp>

#include <algorithm>
#include <string>

namespace regctl::http {

std::chrono::milliseconds retry_delay(unsigned attempt, std::chrono::milliseconds first,
                                      double jitter,
                                      std::optional<std::chrono::milliseconds> retry_after) {
  constexpr unsigned k_most_doublings = 16; // far beyond the longest delay, and no overflow
  const auto doubled = first * (1LL << std::min(attempt - 1, k_most_doublings));
  const auto whole = std::min<std::chrono::milliseconds>(doubled, k_longest_delay);
  const auto delay = std::chrono::milliseconds(
      static_cast<long long>(static_cast<double>(whole.count()) * (1.0 - jitter / 2)));
  return std::max(delay, retry_after.value_or(std::chrono::milliseconds(0)));
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::time_t now) {
  if (const auto seconds = parse_whole_number<long long>(value); seconds && *seconds >= 0) {
    constexpr long long k_limit = 100LL * 365 * 24 * 3600; // no overflow in milliseconds
    return std::chrono::seconds(std::min(*seconds, k_limit));
  }
  const auto date = parse_http_date(std::string(value));
  return date ? std::optional(std::chrono::seconds(std::max<long long>(0, *date - now)))
              : std::nullopt;
}

bool is_passing(int status) noexcept {
  return status == 408 || status == 429 ||
         (status >= 500 && status <= 599 && status != 501 && status != 505);
}

unsigned retries_after(int status, unsigned retries) noexcept {
  constexpr unsigned k_most_after_lasting = 3;
  if (!is_passing(status)) {
    return 0;
  }
  const bool is_overload = status == 408 || status == 429 || (status >= 502 && status <= 504);
  return is_overload ? retries : std::min(k_most_after_lasting, retries);
}

} // namespace regctl::http
