// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl {

/// `bytes` in base64's own alphabet ("+" and "/"), padded, in one line. Source: RFC 4648 section 4.
std::string base64_encode(std::string_view bytes);

/// The bytes of such a text. The padding may be missing, as some tools write it, but not be wrong;
/// line ends and every other character are refused: Error{protocol} "not base64".
std::string base64_decode(std::string_view text);

} // namespace regctl
