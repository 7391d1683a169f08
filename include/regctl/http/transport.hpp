// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace regctl::http {

/// The reason why a request got no answer; it decides what is tried next.
enum class Obstacle {
  nobody,       ///< no such host, connection refused: nothing was sent
  wrong_scheme, ///< the peer speaks plain http, not TLS
  certificate,  ///< TLS, but the peer is not trusted
  handshake,    ///< the connection was cut during the TLS handshake: nothing was sent
  after_tls,    ///< the connection was cut after the TLS handshake
  other,        ///< cut, stalled, not HTTP
};

/// Time-outs and retries of a transport, and the listener for its notes. Layers above follow them
/// when they wait for a server.
struct TransportOptions {
  /// An exchange ends if no byte moves in either direction for this long while the transport waits
  /// for the server. The whole exchange has no limit.
  std::chrono::milliseconds stall_timeout{60'000};
  /// Further attempts after the first. The pause between them doubles from retry_delay up to 30 s,
  /// with jitter. Retry-After (seconds or date) is a minimum; more than 10 minutes ends the
  /// attempts.
  unsigned retries = 5;
  std::chrono::milliseconds retry_delay{500};
  /// Receives a sentence for the user ("127.0.0.1:5000 answered 503; trying again in 2 s (1 of
  /// 5)"); called from any thread.
  std::function<void(const std::string&)> note;
};

/// Sends requests to servers and returns their answers. Client does so over sockets; its rules hold
/// for every transport. Implementations are thread-safe; a Response belongs to the thread that got
/// it.
class Transport {
public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete; ///< passed by reference
  Transport& operator=(const Transport&) = delete;

  /// Returns the answer with any status, after the retries that are due. Throws as described at
  /// Client.
  virtual Response send(const Request& request) = 0;

  /// One attempt, without retries and without waiting for room at the host. Without an answer it
  /// returns the error instead of throwing it.
  struct Attempt {
    std::optional<Response> response;
    std::optional<Error> error; ///< if there is no response
    Obstacle obstacle = Obstacle::other;
  };
  virtual Attempt attempt(const Request& request) = 0;

  [[nodiscard]] virtual const TransportOptions& options() const noexcept = 0;

  /// Passes a sentence for the user to the listener in options(), if there is one.
  void note(const std::string& sentence) const;

  /// For callers that repeat a request after a failure behind a good head, such as a body that was
  /// cut: notes `error` and pauses, as before any other attempt. `failures` counts those so far.
  /// Throws `error` if it is not Error{unavailable}, and once there are more than
  /// options().retries.
  void pause_or_throw(const Error& error, unsigned failures) const;
};

} // namespace regctl::http
