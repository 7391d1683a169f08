// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// One challenge of a WWW-Authenticate header.
struct Challenge {
  std::string scheme;                            ///< lower case: "basic", "token", "bearer"
  std::map<std::string, std::string> parameters; ///< names in lower case, values unquoted
};

/// The challenges in a WWW-Authenticate value. Malformed parts are left out; they are never an
/// error. Source: RFC 9110 section 11.6.1.
std::vector<Challenge> parse_challenges(std::string_view value);

} // namespace regctl::http
