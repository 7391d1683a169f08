// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v2 {

/// The codes in the body of an unsuccessful answer ("MANIFEST_UNKNOWN"); none for other bodies. The
/// body can be read again afterwards. Source: distribution-spec 1.1, "Error Codes".
std::vector<std::string> read_codes(http::Response& response);

/// Whether `code` is among them.
bool has_code(const std::vector<std::string>& codes, std::string_view code);

} // namespace regctl::registry::v2
