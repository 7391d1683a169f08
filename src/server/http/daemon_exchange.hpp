// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/daemon_watch.hpp"
#include "server/http/message.hpp"

#include <atomic>
#include <cstddef>

struct MHD_Connection;

namespace regctl::server {

/// What all connections of a daemon share.
struct DaemonContext {
  Application& application;
  Watch& watch;
  bool is_secure;
  std::atomic<bool> is_retired;     ///< connections end with the request that runs
  std::atomic<bool> is_stopping;    ///< further requests are refused
  std::atomic<std::size_t> running; ///< requests being handled
};

/// One request on its way through libmicrohttpd's callbacks. None of these functions throws.
class Exchange;

Exchange* make_exchange(DaemonContext& context, MHD_Connection* connection,
                        const char* target) noexcept;

/// Called with the head (size 0), with each piece of the body, and at its end (size 0). False ends
/// the connection.
bool continue_exchange(Exchange& exchange, const char* method, const char* version,
                       const char* data, std::size_t* size) noexcept;

void finish_exchange(Exchange* exchange, bool is_complete) noexcept;

} // namespace regctl::server
