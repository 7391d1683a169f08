// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// `text` as Python's urllib.quote_plus writes it: letters, digits and "_.-" stay, a space becomes
/// '+', every other byte "%XX". docker-registry names its folders in this way.
std::string form_quote(std::string_view text);

/// The reverse of form_quote(); nothing for malformed text.
std::optional<std::string> form_unquote(std::string_view text);

} // namespace regctl
