// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// Texts that JavaScript's JSON.stringify(JSON.parse(text)) would turn into `printed`, as the usual
/// pushers write them: Docker's engines (Go, with <, >, & and U+2028/9 escaped) and Python's
/// json.dumps (a space after "," and ":", only ASCII). Without those equal to `printed`; most
/// likely first.
std::vector<std::string> original_json_candidates(std::string_view printed);

} // namespace regctl::registry::v1
