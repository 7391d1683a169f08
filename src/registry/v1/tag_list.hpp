// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::registry::v1 {

/// Asks for the whole ID of a tag of which a list has the first digits; nothing if it is not to be
/// had.
using WholeId = std::function<std::optional<std::string>(const std::string& tag)>;

/// The tags of an answer to `GET …/tags`, called `what` in errors: {TAG: ID}, or a list of
/// {"name": TAG, "layer": ID} as the Hub's index and those that copied it have it, with eight
/// digits of the ID. Throws Error{protocol} for anything else. Source: moby issue 9029.
V1Tags read_tag_list(std::string_view text, const std::string& what, const WholeId& whole_id);

} // namespace regctl::registry::v1
