// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// The command line that calls regctl with these arguments: "regctl images './my app.tar'". Words
/// are quoted for a shell if necessary. A user and password in the name of a registry are left out.
std::string typed_line(const std::vector<std::string>& arguments);

/// The same with `instead` in place of each argument that equals `word`.
std::string typed_line_with(std::vector<std::string> arguments, std::string_view word,
                            const std::string& instead);

} // namespace regctl::cli
