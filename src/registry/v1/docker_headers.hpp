// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/secret.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v1 {

// The values of X-Docker-* headers of answers (X-Docker-Endpoints: endpoints.hpp).

/// The token in an answer, as the value of an Authorization header: "Token …". It comes in
/// X-Docker-Token, or from older servers in WWW-Authenticate. Empty if there is none.
http::Secret token_of(const http::Response& response);

/// X-Docker-Size: the size of a stored layer in bytes; nothing unless it is a number of 64 bits.
std::optional<std::uint64_t> parse_layer_size(const std::optional<std::string>& text);

/// X-Docker-Checksum-Payload: a JSON list of checksums, in old data one bare string.
std::vector<std::string> parse_checksums(const std::string& value);

} // namespace regctl::registry::v1
