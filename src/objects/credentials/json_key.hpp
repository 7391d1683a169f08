// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"

#include <string>
#include <string_view>

namespace regctl::objects {

/// The end of a key, "2014-05-13T16:53:20Z". Throws Error{protocol} "WHAT has an end that is no
/// time".
Time parse_end(std::string_view text, const std::string& what);

/// The key in a JSON object with AccessKeyId, SecretAccessKey, Expiration (which a key that does
/// not end may leave out) and `token_name`. The origin is `what`. Throws Error{protocol} naming
/// `what`, and Error{denied} if its Code is another one than "Success". No error quotes the rest of
/// the text, which has the secret in it.
FoundKey parse_json_key(std::string_view text, std::string_view token_name,
                        const std::string& what);

} // namespace regctl::objects
