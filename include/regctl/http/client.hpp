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

/// The limit on parallel requests to a host: adaptive follows the host's answers, gentle is two of
/// each kind.
enum class Pace { adaptive, gentle };

struct ClientOptions : TransportOptions {
  std::string user_agent = "regctl";
  std::chrono::milliseconds connect_timeout{30'000};
  /// Further attempts if no host has this name, if the host refuses connections, or if it cuts them
  /// during the TLS handshake. Fewer than for other failures: such faults are rarely temporary, and
  /// a mistyped port is not worth a long wait. Never more than `retries`.
  unsigned unreachable_retries = 2;
  /// Limit on parallel requests of one kind (HEAD; GET; PUT, POST, PATCH and DELETE) to one host.
  /// The client begins with fewer, reduces the number after a 429 or 503, and raises it while
  /// answers are good. While the host asks for a pause by Retry-After, no request of that kind
  /// begins.
  std::size_t most_in_flight = 64;
  Pace pace = Pace::adaptive;
  /// Settings for "host:port"; called from any thread.
  std::function<HostSettings(const std::string& host_port)> settings;
  /// Called before each request to "host:port", retries included, from any thread. It may wait, or
  /// throw Error{interrupted}.
  std::function<void(const std::string& host_port)> before_request;
  /// Receives request and response heads with secrets masked (--debug); called from any thread.
  std::function<void(const std::string&)> debug;
};

/// An HTTP/1.1 client: streaming bodies both ways in bounded memory, keep-alive, redirects (at most
/// 10), proxies from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case, cookies per
/// origin and jar, TLS verified unless told otherwise.
///
/// GET and HEAD follow all redirects. Other methods follow 307, 308, and a 301 to the same host
/// (another spelling of the path, or https instead of http), and open the body again; any other
/// answer is returned. Requests that are signed follow only to their own origin. If a body of
/// unknown size is answered 411, it is read into a temporary file and sent again with its length;
/// further ones to that host are sent like this at once.
///
/// A server can name other hosts, by redirect or otherwise. Such a host must not be this machine, a
/// link-local address or the metadata service of a cloud: the server could otherwise reach them
/// through this client. A server that is asked by https must not name a plain http URL. These cases
/// are Error{protocol} before anything is sent, also if a name resolves to such an address. A
/// server that is itself at such an address may name others of the same kind.
///
/// If an answer arrives while the body is being sent, sending stops and the answer is returned.
/// Every status is returned as it is, after retries for 429 and 5xx (except 501 and 505). Without
/// an answer the client throws: Error{unavailable} (DNS, connect, TLS, cut, stall), with a hint if
/// a plain-http peer was asked by https or the reverse; Error{denied} if a proxy wants credentials;
/// Error{protocol} if the answer is not HTTP; Error{interrupted}. Exceptions of a body's source
/// reach the caller.
///
/// Thread-safe; exchanges on one thread may be nested (a body that is read from another response);
/// they share one event loop. A Response must be read and destroyed on the thread that got it.
/// Until its body has been read it counts as a request in flight. A thread that holds one must not
/// wait for another thread: that thread may be waiting for room at the same host.
class Client final : public Transport {
public:
  explicit Client(ClientOptions options);
  ~Client() override;
  Client(const Client&) = delete; ///< owns connections: pass it by reference
  Client& operator=(const Client&) = delete;

  Response send(const Request& request) override;
  Attempt attempt(const Request& request) override;
  [[nodiscard]] const ClientOptions& options() const noexcept override;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace regctl::http
