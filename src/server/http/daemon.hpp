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

/// Opens a socket that listens on "ADDRESS:PORT", "[::1]:5000" or ":5000" (all addresses). Port 0
/// takes a free port. Throws Error{usage} for a malformed address, Error{unavailable} for one in
/// use.
FileDescriptor listen_on(const std::string& address);

/// The port of a listening socket.
std::uint16_t port_of(const FileDescriptor& listener);

/// Whether a socket listens only on loopback.
bool is_on_loopback(const FileDescriptor& listener);

struct DaemonOptions {
  std::size_t connections = 512; ///< at the same time; further ones are answered 503
  /// The limit for a request's head and between requests. A body or an answer must move by 1 KiB/s
  /// on average over this time.
  std::chrono::seconds timeout{60};
  std::string tls_certificate; ///< PEM, with its chain; empty: plain HTTP
  std::string tls_key;         ///< PEM
};

/// The HTTP server. Each connection has a thread, so that a handler may wait for a disk, a lock or
/// another server without delaying other clients. Only this class uses libmicrohttpd.
///
/// Rules against misbehaving clients:
///
/// - A request's head must be complete within the time-out, however slowly its bytes arrive.
/// - A body must arrive, and an answer be read, at 1 KiB/s on average over each time-out.
/// - A connection beyond the limit is answered 503 and closed.
/// - A TLS hello on a plain port is answered by closing (engines then try http at once).
/// - A client that sends an unwanted body gets the answer before its connection is closed. (With
///   TLS a body that was begun is read to its end first. The library accepts no answer in the
///   middle of a body, and only on a plain connection can the answer be written past it.)
/// - A head that another reader of HTTP could take for a different request is answered 400, and the
///   connection is closed (find_head_fault()).
/// - A connection is closed after a chunked body too, since only the library has seen where that
///   ended. So no body ever becomes a second request.
/// - TLS is version 1.2 or later.
class Daemon {
public:
  /// Begins to serve. Several daemons share `listener` while certificates are replaced. Throws
  /// Error{usage} for an unusable certificate or key.
  Daemon(Application& application, const FileDescriptor& listener, const DaemonOptions& options);

  /// Closes every connection.
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Accepts no further connections. Requests on existing ones are answered, and then the
  /// connection is closed.
  void stop_listening();

  /// Answers further requests 503; running ones go on.
  void refuse_requests();

  /// Whether a request is being handled.
  [[nodiscard]] bool is_busy() const noexcept;
  [[nodiscard]] std::size_t open_connections() const noexcept;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::server
