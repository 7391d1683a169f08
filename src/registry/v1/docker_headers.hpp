// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/secret.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace regctl::registry::v1 {

// The values of X-Docker-* headers that answers have (X-Docker-Endpoints: endpoints.hpp).

/// The value of an Authorization header, "Token …", that an answer gives: its X-Docker-Token, or
/// what stands in WWW-Authenticate of older servers. Empty where there is none.
http::Secret token_of(const http::Response& response);

/// X-Docker-Size: the bytes of a layer as stored; nothing for what is no number of 64 bits.
std::optional<std::uint64_t> parse_layer_size(const std::optional<std::string>& text);

/// X-Docker-Checksum-Payload: a JSON list of sums, in old data one bare string.
std::vector<std::string> parse_checksums(const std::string& value);

} // namespace regctl::registry::v1
