// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::http {

struct Header {
  std::string name;
  std::string value;
};

/// Header fields in order; names compare without case.
class Headers {
public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  /// The first field of that name.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] const std::vector<Header>& fields() const noexcept { return fields_; }

private:
  std::vector<Header> fields_;
};

enum class Method { get, head, put, post, remove };
std::string_view to_string(Method method) noexcept;

/// A request body. Opened anew for every attempt, so a request with a body can be repeated.
struct Body {
  OpenSource open;
  std::optional<std::uint64_t> size_bytes; ///< nothing: sent chunked
};
Body text_body(std::string text);

/// Whether a request may be sent again after a failure that may have come after it took effect.
enum class Repeat {
  allowed,
  not_after_500, ///< which is how this server tells of what is damaged
  never,
};

class OriginShares;
/// A jar for requests that belong together: what one of them is told to send back (cookies) the
/// others send to the same origin, and nobody else does. Thread-safe.
std::shared_ptr<OriginShares> make_cookie_jar();

struct Request {
  Method method = Method::get;
  Url url;
  Headers headers = {};
  std::optional<Body> body = {};
  /// Value of the Authorization header; empty: none. It goes to the origin of `url` (scheme, host
  /// and port), and along a redirect to that of `named_by`; everywhere else it is left out.
  Secret authorization = {};
  /// The server whose answer named the host of `url` (X-Docker-Endpoints, the realm of a token);
  /// nothing for a host that the user named. Of such a host, and of one that a redirect leads to,
  /// only what Client says is asked.
  std::optional<Url> named_by = {};
  std::shared_ptr<OriginShares> cookies = {}; ///< null: those of the client
  Repeat repeat = Repeat::allowed;
};

/// An answer whose body has not been read. Destroying `body` before its end closes the connection;
/// reading it to the end gives the connection back for reuse.
struct Response {
  int status = 0;
  Headers headers;
  Url url; ///< after redirects
  /// Throws Error{unavailable} "…ended after N of M bytes" for a body that is cut or stalls.
  std::unique_ptr<Source> body;
};

/// Versions of TLS, old ones first.
enum class TlsVersion { v1_0, v1_1, v1_2, v1_3 };

/// A certificate of ours.
struct ClientCertificate {
  std::string file; ///< PEM
  std::string key;  ///< PEM; empty: in the same file

  bool operator==(const ClientCertificate&) const = default;
};

/// How to reach one registry by https; found by host for each connection.
struct HostSettings {
  bool verify_tls = true;
  /// PEM; beside the system's, where that has them in a folder. One that is not PEM is none.
  std::vector<std::string> ca_files;
  /// The first that the host does not refuse is shown from then on.
  std::vector<ClientCertificate> client_certificates;
  /// Below 1.2, the ciphers, keys and signatures of those days are taken as well.
  TlsVersion tls_min = TlsVersion::v1_2;
};

/// How much of what a host bears we ask of it: gentle is two requests of a kind at a time.
enum class Pace { adaptive, gentle };

struct ClientOptions {
  std::string user_agent = "regctl";
  std::chrono::milliseconds connect_timeout{30'000};
  /// No byte in either direction for this long while we wait for one ends an exchange. There is no
  /// limit on the whole.
  std::chrono::milliseconds stall_timeout{60'000};
  /// Further attempts after the first; the pause doubles from retry_delay up to 30 s, with jitter.
  /// Retry-After (seconds or date) is a minimum; one of more than 10 minutes ends the attempts.
  unsigned retries = 5;
  /// Further attempts where no host of that name is found, or where it refuses connections or cuts
  /// them at the TLS handshake: such faults pass more rarely, and a mistyped port is not worth a
  /// long wait. At most `retries`.
  unsigned unreachable_retries = 2;
  std::chrono::milliseconds retry_delay{500};
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
  /// Says a sentence for the user ("127.0.0.1:5000 answered 503; trying again in 2 s (1 of 5)");
  /// called from any thread.
  std::function<void(const std::string&)> note;
  /// Gets request and response heads with secrets masked (--debug); called from any thread.
  std::function<void(const std::string&)> debug;
};

/// Why a request got no answer, as far as it matters for what to try next.
enum class Obstacle {
  nobody,       ///< no such host, connection refused: nothing was sent
  wrong_scheme, ///< plain http where TLS was spoken
  certificate,  ///< TLS, but the peer is not trusted
  handshake,    ///< the connection was cut when TLS was asked for: nothing was sent
  after_tls,    ///< TLS was agreed on, then the connection was cut
  other,        ///< cut, stalled, not HTTP
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
class Client {
public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete; ///< owns connections; pass it by reference
  Client& operator=(const Client&) = delete;

  Response send(const Request& request);

  /// One attempt without retries and without waiting for others' requests; where no answer comes,
  /// says why instead of throwing.
  struct Attempt {
    std::optional<Response> response;
    std::optional<Error> error; ///< if there is no response
    Obstacle obstacle = Obstacle::other;
  };
  Attempt attempt(const Request& request);

  [[nodiscard]] const ClientOptions& options() const noexcept;

private:
  class State;
  std::unique_ptr<State> state_;
};

/// The whole body of `response`, at most `limit_bytes` (else Error{protocol} naming the URL).
std::string read_body(Response& response, std::uint64_t limit_bytes);

/// Drops a small body so that the connection can be used again; a large one closes it.
void discard_body(Response& response) noexcept;

/// A download that survives cuts. `open_at(offset)` sends the request for the bytes from `offset`
/// on (a Range request if offset > 0) and returns the response, or throws, which ends a download
/// that has not begun; one from 0 has status 200 or 206. After a cut the source asks again from a
/// few KiB before the number of bytes already given, which must come again as they were: servers
/// answer 206 with the right Content-Range and other bytes. Where they differ, and where the answer
/// is another one than 200 or 206 or does not say which range it is, it asks from 0 once more, and
/// skips what was given (and throws Error{integrity} if that differs from what was given). Gives up
/// after the client's `retries` attempts in a row without progress. `size_bytes` is the promised
/// size, which an honest end must meet; `what` names it in errors.
std::unique_ptr<Source> make_resuming_source(Client& client,
                                             std::function<Response(std::uint64_t offset)> open_at,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what);

/// First and last byte of a Content-Range header value: "bytes 10-19/200" and, as docker-registry
/// 0.9 writes it, "10-19/200". Nothing for anything else.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> size_bytes;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

} // namespace regctl::http
