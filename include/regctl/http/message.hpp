// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <cstdint>
#include <initializer_list>
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

/// The whole body of `response`, at most `limit_bytes` (else Error{protocol} naming the URL).
std::string read_body(Response& response, std::uint64_t limit_bytes);

/// Drops a small body so that the connection can be used again; a large one closes it.
void discard_body(Response& response) noexcept;

} // namespace regctl::http
