// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace regctl::http {

/// A password, token or header value that must not be printed. There is no conversion and no stream
/// operator: code that needs the text calls reveal(), which is easy to search for.
class Secret {
public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  bool operator==(const Secret&) const = default;

private:
  std::string value_;
};

/// The value of an Authorization header for Basic: "Basic " and base64(username:password).
Secret basic_authorization(std::string_view username, const Secret& password);

} // namespace regctl::http
