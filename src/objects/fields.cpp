// SPDX-License-Identifier: Apache-2.0
#include "objects/fields.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/time.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/http/date.hpp>

#include <ctime>
#include <optional>

namespace regctl::objects {

namespace {

/// `value`, which was read from `text`.
template <class Value>
Value required(const std::optional<Value>& value, const char* kind, std::string_view text,
               const std::string& what) {
  if (!value) {
    throw Error(ErrorKind::protocol,
                what + ": the server tells no " + kind + ": '" + excerpt(text) + "'");
  }
  return *value;
}

std::chrono::system_clock::time_point time_point(std::int64_t seconds_since_1970) {
  return std::chrono::system_clock::from_time_t(static_cast<std::time_t>(seconds_since_1970));
}

} // namespace

std::uint64_t read_size(std::string_view text, const std::string& what) {
  return required(parse_whole_number<std::uint64_t>(text), "size", text, what);
}

std::chrono::system_clock::time_point read_time(std::string_view text, const std::string& what) {
  return time_point(required(parse_rfc3339(text), "time", text, what));
}

std::chrono::system_clock::time_point read_http_time(const std::string& text,
                                                     const std::string& what) {
  return time_point(required(http::parse_http_date(text), "time", text, what));
}

std::string unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

} // namespace regctl::objects
