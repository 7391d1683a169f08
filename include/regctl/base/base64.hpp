// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl {

/// `bytes` in base64's standard alphabet ("+" and "/"), padded, in one line. Source: RFC 4648
/// section 4.
std::string base64_encode(std::string_view bytes);

/// Decodes such a text. Padding may be missing, as some tools write it, but must not be wrong.
/// Throws Error{protocol} "not base64" for line ends and every other character.
std::string base64_decode(std::string_view text);

} // namespace regctl
