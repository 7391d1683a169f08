// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/base/file.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace regctl::server {

/// A socket that listens on "ADDRESS:PORT", "[::1]:5000" or ":5000" (everywhere); port 0 takes a
/// free one. Throws Error{usage} for text that is no address, Error{unavailable} if it is taken.
FileDescriptor listen_on(const std::string& address);

/// The port that a listening socket has.
std::uint16_t port_of(const FileDescriptor& listener);

/// Whether a socket listens on loopback alone.
bool is_on_loopback(const FileDescriptor& listener);

struct DaemonOptions {
  std::size_t connections = 512; ///< at the same time; further ones are answered 503
  /// For a request's head, between requests, and for 1 KiB/s of a body or an answer.
  std::chrono::seconds timeout{60};
  std::string tls_certificate; ///< PEM, with its chain; empty: plain HTTP
  std::string tls_key;         ///< PEM
};

/// The HTTP server: a thread for each connection, so that a handler may wait for a disk, a lock or
/// another server without holding up anybody else. The only user of libmicrohttpd.
///
/// Against clients that misbehave: a request's head must be there within the time-out however
/// slowly it trickles, a body must come, and an answer be taken, by 1 KiB/s on the average over
/// each time-out, who comes when the limit of connections is reached is answered 503 and hears no
/// more, a TLS hello on a plain port is answered by closing (engines then go on to http at once),
/// and who is still sending a body that is not wanted, or no more of it, gets the answer before the
/// connection is closed. (With TLS a body that was begun is read to its end first: the library
/// takes no answer in the middle of one, and a plain connection alone can be written to beside it.)
/// A head that another reader of HTTP could take for another request is answered 400 and the
/// connection closed (find_head_fault()); so is one behind a chunked body, whose end is found by
/// the library alone: no body ever becomes a second request. TLS is 1.2 at least.
class Daemon {
public:
  /// Begins to serve; `listener` is shared by several daemons while certificates are replaced.
  /// Throws Error{usage} for a certificate or key that cannot be used.
  Daemon(Application& application, const FileDescriptor& listener, DaemonOptions options);

  /// Ends every connection.
  ~Daemon();

  /// Takes no further connections. Requests on old ones are answered, and these closed behind them.
  void stop_listening();

  /// Answers further requests 503; those that run go on.
  void refuse_requests();

  /// Whether a request is being handled.
  [[nodiscard]] bool is_busy() const noexcept;
  [[nodiscard]] std::size_t open_connections() const noexcept;

private:
  class State;
  std::unique_ptr<State> state_;
};

} // namespace regctl::server
