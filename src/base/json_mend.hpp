// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// Makes JSON of old tools acceptable to a strict parser. As Go reads it, escaped lone surrogates
/// and bytes that are not UTF-8 become U+FFFD; numbers beyond a double become null. Nothing if
/// there is nothing to mend.
std::optional<std::string> mend_json(std::string_view text);

} // namespace regctl
