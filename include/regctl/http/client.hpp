// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/host_settings.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace regctl::http {

/// How much of what a host bears we ask of it: gentle is two requests of a kind at a time.
enum class Pace { adaptive, gentle };

struct ClientOptions : TransportOptions {
  std::string user_agent = "regctl";
  std::chrono::milliseconds connect_timeout{30'000};
  /// Further attempts where no host of that name is found, or where it refuses connections or cuts
  /// them at the TLS handshake: such faults pass more rarely, and a mistyped port is not worth a
  /// long wait. At most `retries`.
  unsigned unreachable_retries = 2;
  /// Requests of a kind (HEAD; GET; what writes) that one host gets at a time, at the most: fewer
  /// to begin with and after it answered 429 or 503, more while it goes well. While it asks for a
  /// pause by Retry-After, no request of that kind begins.
  std::size_t most_in_flight = 64;
  Pace pace = Pace::adaptive;
  /// Settings for "host:port"; called from any thread.
  std::function<HostSettings(const std::string& host_port)> settings;
  /// Called before each request to "host:port", repeated ones too; may wait, or throw
  /// Error{interrupted}. Called from any thread.
  std::function<void(const std::string& host_port)> before_request;
  /// Gets request and response heads with secrets masked (--debug); called from any thread.
  std::function<void(const std::string&)> debug;
};

/// An HTTP/1.1 client: streaming bodies both ways in bounded memory, keep-alive, redirects (at most
/// 10), proxies from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case, cookies per
/// origin and jar, TLS verified unless told otherwise.
///
/// Of GET and HEAD all redirects are followed, of other methods 307 and 308, and 301 to the same
/// host (a path that is written otherwise, https instead of http), with the body opened anew: every
/// other answer is returned. A body of unknown size that is answered 411 is read into a temporary
/// file and sent once more with its length, and so are all further ones to that host.
///
/// A host that a server names, by redirect or otherwise, may lie anywhere but where a server
/// elsewhere has no business: on this machine, at a link-local address, at a cloud's metadata
/// service, or, if the server is asked by https, behind plain http. Those are Error{protocol}
/// before anything is sent, also where a name resolves to one. A server that is itself at such an
/// address may name others of its kind.
///
/// An answer that comes while a body is being sent ends the sending: the answer is returned.
/// Statuses are returned as they are, after retries for 429 and 5xx (but 501 and 505); only what
/// prevents an answer throws: Error{unavailable} (DNS, connect, TLS, cut, stall) with a hint for a
/// plain-http peer on an https port and the reverse, Error{denied} for a proxy that wants
/// credentials, Error{protocol} for an answer that is no HTTP, Error{interrupted}. An exception of
/// a body's source goes through to the caller.
///
/// Thread-safe; exchanges on one thread may be nested (a body that is read from another response)
/// and then share one event loop. A Response must be read and destroyed on the thread that got it.
/// While its body is unread it counts as a request in flight: a thread that has one must not wait
/// for another thread, which may itself wait for its turn at the same host.
class Client final : public Transport {
public:
  explicit Client(ClientOptions options);
  ~Client() override;
  Client(const Client&) = delete; ///< owns connections; pass it by reference
  Client& operator=(const Client&) = delete;

  Response send(const Request& request) override;
  Attempt attempt(const Request& request) override;
  [[nodiscard]] const ClientOptions& options() const noexcept override;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::http
