// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl::server {

/// The decoded path of a request's target ("/v1/repositories/a/b%2Fc?x" is
/// "/v1/repositories/a/b/c"); nothing for a '%' without two hex digits, for a byte of value 0, and
/// for a path without '/' at its beginning.
std::optional<std::string> decode_path(std::string_view target);

/// A value of the query, where '+' is a space.
std::optional<std::string> decode_query(std::string_view value);

} // namespace regctl::server
