// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::http {

/// One link of a Link header: `<TARGET>; rel="next"`.
struct Link {
  std::string target;                            ///< as written: absolute or relative
  std::map<std::string, std::string> parameters; ///< names in lower case, values unquoted

  /// Whether `relation` is among the words of "rel"; case does not matter.
  [[nodiscard]] bool is(std::string_view relation) const;
};

/// The links in a Link value. Of several parameters of one name the first counts. Malformed parts
/// are left out; they are never an error. Source: RFC 8288 section 3.
std::vector<Link> parse_links(std::string_view value);

/// The target of the first link to the next page in all Link headers, as written; nothing on the
/// last page.
std::optional<std::string> find_next_page(const Headers& headers);

} // namespace regctl::http
