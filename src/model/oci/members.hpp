// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json_fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

// Readers of members that are shown or carried along, and decide nothing: a member of another type
// counts as absent.

std::string text_of(const Json& object, std::string_view name);
std::vector<std::string> texts_of(const Json& object, std::string_view name);
std::map<std::string, std::string> pairs_of(const Json& object, std::string_view name);
/// The names of an object's members: how Docker writes sets.
std::vector<std::string> names_of(const Json& object, std::string_view name);

} // namespace regctl::oci
