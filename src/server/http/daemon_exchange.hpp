// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/daemon_watch.hpp"
#include "server/http/message.hpp"

#include <atomic>
#include <cstddef>

struct MHD_Connection;

namespace regctl::server {

/// The state shared by all connections of a daemon.
struct DaemonContext {
  Application& application;
  Watch& watch;
  bool is_secure;
  std::atomic<bool> is_retired;     ///< connections are closed after the running request
  std::atomic<bool> is_stopping;    ///< further requests are refused
  std::atomic<std::size_t> running; ///< requests being handled
};

/// One request on its way through libmicrohttpd's callbacks. None of these functions throws.
class Exchange;

Exchange* make_exchange(DaemonContext& context, MHD_Connection* connection,
                        const char* target) noexcept;

/// Called with the head (size 0), with each piece of the body, and at its end (size 0). Returns
/// false to close the connection.
bool continue_exchange(Exchange& exchange, const char* method, const char* version,
                       const char* data, std::size_t* size) noexcept;

void finish_exchange(Exchange* exchange, bool is_complete) noexcept;

} // namespace regctl::server
