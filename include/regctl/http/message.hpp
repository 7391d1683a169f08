// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
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

/// Header fields in order; names are compared without case.
class Headers {
public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  /// The value of the first field with that name.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] const std::vector<Header>& fields() const noexcept { return fields_; }

private:
  std::vector<Header> fields_;
};

enum class Method { get, head, put, post, patch, remove };
std::string_view to_string(Method method) noexcept;

/// A request body. It is opened again for every attempt, so that the request can be repeated.
struct Body {
  OpenSource open;
  std::optional<std::uint64_t> size_bytes; ///< nothing: the body is sent chunked
};
Body text_body(std::string text);
/// Without a copy: `text` must outlive the request.
Body view_body(std::string_view text);

/// Whether a request may be repeated after a failure, when it may already have taken effect.
enum class Repeat {
  allowed,
  not_after_500, ///< this server answers 500 for damaged data
  never,
};

class OriginShares;
/// A cookie jar for requests that belong together. Cookies of an origin are sent back to that
/// origin, and only by requests with this jar. Thread-safe.
std::shared_ptr<OriginShares> make_cookie_jar();

struct Request {
  Method method = Method::get;
  Url url;
  Headers headers = {};
  std::optional<Body> body = {};
  /// Value of the Authorization header; empty: none. It is sent to the origin of `url` (scheme,
  /// host and port), and, if a redirect leads there, to the origin of `named_by`; to no others.
  Secret authorization = {};
  /// The server whose answer named the host of `url` (X-Docker-Endpoints, the realm of a token);
  /// nothing for a host that the user named. Client restricts the hosts that servers may name.
  std::optional<Url> named_by = {};
  std::shared_ptr<OriginShares> cookies = {}; ///< null: the client's own jar
  Repeat repeat = Repeat::allowed;
  /// Called with a copy of the request before each attempt and after each redirect, which it may
  /// change: for signatures, which hold the time and the URL. A request with this follows no
  /// redirect to another origin. Null: nothing changes.
  std::function<void(Request& attempt)> sign = {};
  /// Used instead of the transport's stall_timeout, for connecting too. For servers that are not
  /// everywhere, such as the metadata service of a cloud.
  std::optional<std::chrono::milliseconds> stall_timeout = {};
};

/// An answer whose body has not been read yet. Destroying `body` before its end closes the
/// connection; reading it to the end makes the connection available again.
struct Response {
  int status = 0;
  Headers headers;
  Url url; ///< after redirects
  /// Throws Error{unavailable} "…ended after N of M bytes" if the body is cut or stalls.
  std::unique_ptr<Source> body;
};

/// 200 to 299.
constexpr bool is_success(int status) noexcept {
  return status >= 200 && status <= 299;
}

/// The whole body of `response`, at most `limit_bytes` (else Error{protocol} naming the URL).
std::string read_body(Response& response, std::uint64_t limit_bytes);

/// Reads and drops a small body, so that the connection can be used again. Closes the connection of
/// a large one.
void discard_body(Response& response) noexcept;

} // namespace regctl::http
