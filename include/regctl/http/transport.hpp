// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/http/message.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace regctl::http {

/// Why a request got no answer, as far as it matters for what to try next.
enum class Obstacle {
  nobody,       ///< no such host, connection refused: nothing was sent
  wrong_scheme, ///< plain http where TLS was spoken
  certificate,  ///< TLS, but the peer is not trusted
  handshake,    ///< the connection was cut when TLS was asked for: nothing was sent
  after_tls,    ///< TLS was agreed on, then the connection was cut
  other,        ///< cut, stalled, not HTTP
};

/// How patient a transport is, and whom it tells. What waits for a server above it does so alike.
struct TransportOptions {
  /// No byte in either direction for this long while we wait for one ends an exchange. There is no
  /// limit on the whole.
  std::chrono::milliseconds stall_timeout{60'000};
  /// Further attempts after the first; the pause doubles from retry_delay up to 30 s, with jitter.
  /// Retry-After (seconds or date) is a minimum; one of more than 10 minutes ends the attempts.
  unsigned retries = 5;
  std::chrono::milliseconds retry_delay{500};
  /// Says a sentence for the user ("127.0.0.1:5000 answered 503; trying again in 2 s (1 of 5)");
  /// called from any thread.
  std::function<void(const std::string&)> note;
};

/// Brings requests to servers, and their answers back: Client over sockets, whose rules are those
/// of every transport. Implementations are thread-safe; a Response belongs to the thread that got
/// it.
class Transport {
public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete; ///< passed by reference
  Transport& operator=(const Transport&) = delete;

  /// The answer, whatever its status, after the retries that are due. Throws what Client says.
  virtual Response send(const Request& request) = 0;

  /// One attempt without retries and without waiting for others' requests; where no answer comes,
  /// says why instead of throwing.
  struct Attempt {
    std::optional<Response> response;
    std::optional<Error> error; ///< if there is no response
    Obstacle obstacle = Obstacle::other;
  };
  virtual Attempt attempt(const Request& request) = 0;

  [[nodiscard]] virtual const TransportOptions& options() const noexcept = 0;

  /// Says a sentence for the user, if options() name a listener.
  void note(const std::string& sentence) const;
};

} // namespace regctl::http
