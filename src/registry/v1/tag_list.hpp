// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::registry::v1 {

/// Returns the whole ID of a tag if a list has only its first digits; nothing if it cannot be found
/// out.
using WholeId = std::function<std::optional<std::string>(const std::string& tag)>;

/// The tags in an answer to `GET …/tags`, which errors call `what`. Forms: {TAG: ID}; or a list of
/// {"name": TAG, "layer": ID} with eight digits of the ID, from the Hub's index and servers that
/// copied it. Throws Error{protocol} for anything else. Source: moby issue 9029.
V1Tags read_tag_list(std::string_view text, const std::string& what, const WholeId& whole_id);

} // namespace regctl::registry::v1
