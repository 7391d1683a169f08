// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/date.hpp>

#include <curl/curl.h>

namespace regctl::http {

std::optional<std::int64_t> parse_http_date(const std::string& text) {
  const auto seconds = ::curl_getdate(text.c_str(), nullptr);
  return seconds == -1 ? std::nullopt : std::optional<std::int64_t>(seconds);
}

} // namespace regctl::http
