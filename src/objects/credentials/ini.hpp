// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::objects {

/// The properties of a section; names are in lower case. A value that goes on in indented lines has
/// these after a "\n" each, trimmed. Nested properties are such lines after an empty value.
using IniProperties = std::map<std::string, std::string, std::less<>>;

struct IniSection {
  std::string name; ///< what stands between the brackets, trimmed: "profile dev"
  IniProperties properties;
};

/// The sections of one of Amazon's shared files, in their order; several may have one name. Of
/// properties of one name in a section the last counts; those with a blank in their name are
/// dropped. Throws Error{usage} "WHAT, line N …" for what is neither a section, a property nor a
/// comment. No error quotes the text, which has secrets in it. Source: AWS SDKs and Tools Reference
/// Guide, "Shared config and credentials files"; the parser's tests in aws-sdk-rust 1.
std::vector<IniSection> parse_ini(std::string_view text, std::string_view what);

/// The nested property `name` (in lower case) in the value of a property, as "addressing_style" in
/// that of "s3"; nothing if it is not there, or empty.
std::optional<std::string> find_nested(std::string_view value, std::string_view name);

} // namespace regctl::objects
