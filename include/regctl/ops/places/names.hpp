// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/pattern.hpp>

#include <string>
#include <string_view>

namespace regctl::ops {

// Names of repositories in protocol v1: "library/" is implied for a name without '/' and is never
// shown, but users may write it.

/// Reads a pattern for such names. A glob for names right below "library/" becomes one for names
/// without '/'. Throws as Pattern::parse() does, and Error{usage} for a glob that can match no name
/// ("team/", "host:5000/*").
Pattern parse_name_pattern(std::string_view text);

/// Reads a pattern for tags. Throws as Pattern::parse() does, and Error{usage} for a glob that can
/// match no tag.
Pattern parse_tag_pattern(std::string_view text);

/// Whether `name` lies below `name_space` ("team"). Every name lies below ""; names without '/' lie
/// below "library".
bool is_below(std::string_view name_space, std::string_view name) noexcept;

/// The name of "app" below "team", and back: `name` must lie below `name_space`.
std::string with_namespace(const std::string& name_space, const std::string& name);
std::string without_namespace(std::string_view name_space, std::string_view name);

} // namespace regctl::ops
