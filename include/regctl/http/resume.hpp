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

/// A download that continues after its connection was cut. `size_bytes` is the promised size, which
/// the whole download must have; `what` names it in errors.
///
/// `open_at(offset)` sends the request for the bytes from `offset` on, with a Range header if
/// offset > 0, and returns the response. For offset 0 that has status 200 or 206. If open_at throws
/// before any response has arrived, the exception ends the download.
///
/// After a cut the source asks for the bytes from a few KiB before the position it has reached. The
/// overlap must have the same bytes as before, because some servers answer 206 with the right
/// Content-Range and the wrong bytes. If the overlap differs, if the status is not 200 or 206, or
/// if the answer names no range, the source asks once more from 0 and skips the bytes already
/// delivered. It throws Error{integrity} if those differ. Gives up after the transport's `retries`
/// failed attempts in a row without a new byte.
std::unique_ptr<Source> make_resuming_source(Transport& transport,
                                             std::function<Response(std::uint64_t offset)> open_at,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what);

} // namespace regctl::http
