// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace regctl::http {

/// A download that survives cuts. `open_at(offset)` sends the request for the bytes from `offset`
/// on (a Range request if offset > 0) and returns the response, or throws, which ends a download
/// that has not begun; one from 0 has status 200 or 206. After a cut the source asks again from a
/// few KiB before the number of bytes already given, which must come again as they were: servers
/// answer 206 with the right Content-Range and other bytes. Where they differ, and where the answer
/// is another one than 200 or 206 or does not say which range it is, it asks from 0 once more, and
/// skips what was given (and throws Error{integrity} if that differs from what was given). Gives up
/// after the transport's `retries` attempts in a row without progress. `size_bytes` is the promised
/// size, which an honest end must meet; `what` names it in errors.
std::unique_ptr<Source> make_resuming_source(Transport& transport,
                                             std::function<Response(std::uint64_t offset)> open_at,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what);

} // namespace regctl::http
