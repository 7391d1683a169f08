// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>

namespace regctl::objects {

/// Answers about keys are small.
inline constexpr std::uint64_t k_answer_limit_bytes = 64 * 1024;

/// Sends a request for a key and returns the answer with any status, after up to two retries. It
/// does not wait for room at the host, as Transport::send() does: the threads that take the room
/// may be waiting for the key. Throws as Transport::send() does.
http::Response ask(http::Transport& transport, const http::Request& request);

} // namespace regctl::objects
