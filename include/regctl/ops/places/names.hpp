// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/pattern.hpp>

#include <string>
#include <string_view>

namespace regctl::ops {

// Names of repositories as v1 has them: "library/" is implied where a name has no '/', and is kept
// out of sight. Users write it all the same.

/// A pattern for such names. A glob for what lies right below "library/" is one for names without
/// '/'. Throws as Pattern::parse(), and Error{usage} for a glob that no name can match ("team/",
/// "host:5000/*").
Pattern parse_name_pattern(std::string_view text);

/// The same for tags.
Pattern parse_tag_pattern(std::string_view text);

/// Whether `name` lies below `name_space` ("team"): everything below "", and below "library" what
/// has no '/'.
bool is_below(std::string_view name_space, std::string_view name) noexcept;

/// The name that "app" gets below "team", and the other way: `name` must be below `name_space`.
std::string with_namespace(const std::string& name_space, const std::string& name);
std::string without_namespace(std::string_view name_space, std::string_view name);

} // namespace regctl::ops
