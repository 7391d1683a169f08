// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl {

// JSON whose values are kept as they were written. Numbers and escapes lose their spelling when a
// document is parsed and printed, and with it the digest of what holds them.

/// `text` with U+FFFD for every byte that is no part of valid UTF-8. Source: Go's decoder.
std::string to_valid_utf8(std::string_view text);

/// The members of the object in `text`, which must be valid JSON: each name, decoded, with the text
/// of its value. Of several members of one name the last counts, at its own place. Nothing if
/// `text` is no object.
using JsonMembers = std::vector<std::pair<std::string, std::string>>;
std::optional<JsonMembers> json_members(std::string_view text);

/// Valid JSON without white space outside of strings, and with <, >, &, U+2028 and U+2029 escaped;
/// everything else as it was written. Source: Go's json.Compact with HTML escaping.
std::string compact_json(std::string_view text);

/// `text` as Go 1.5 to 1.21 writes a string, with its quotes.
std::string quote_as_go(std::string_view text);

/// An object of names and texts of values, in their order.
std::string make_json_object(const JsonMembers& members);

} // namespace regctl
