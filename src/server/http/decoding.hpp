// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl::server {

/// The decoded path of a request's target: "/v1/repositories/a/b%2Fc?x" gives
/// "/v1/repositories/a/b/c". Nothing for a '%' without two hex digits, for a zero byte, and for a
/// path that does not begin with '/'.
std::optional<std::string> decode_path(std::string_view target);

/// A decoded value of the query, in which '+' is a space.
std::optional<std::string> decode_query(std::string_view value);

} // namespace regctl::server
