// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// `text` as Python's urllib.quote_plus writes it: letters, digits and "_.-" stay, a space is '+',
/// every other byte "%XX". docker-registry names its folders so.
std::string form_quote(std::string_view text);

/// What form_quote() was given; nothing for what it cannot have come from.
std::optional<std::string> form_unquote(std::string_view text);

} // namespace regctl
