// SPDX-License-Identifier: Apache-2.0
#pragma once

// http/: URLs, the client, retries, authentication challenges, credentials. The only directory that
// includes libcurl. It knows nothing of registries.

#include <cstdint>
#include <string>
#include <string_view>

namespace regctl::http {

/// An absolute http or https URL. Parsing keeps the path and query as written.
struct Url {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;  ///< never 0 after parse: 80 or 443 if none was written
  std::string target;      ///< path and query, begins with '/'
  std::string unix_socket; ///< path of a socket to connect to instead of host and port, or empty

  /// Throws Error{protocol} "'TEXT' is not an http URL" (user, password and query values as "…").
  /// User and password in a URL are dropped, because they would end up in logs.
  static Url parse(std::string_view text);

  /// This URL resolved against `reference`, as in a Location header (absolute, "//host/…", "/path",
  /// relative). Source: RFC 3986 section 5.
  [[nodiscard]] Url resolve(std::string_view reference) const;

  /// "https://host:5000": brackets around IPv6, the port only if it is not the scheme's default.
  [[nodiscard]] std::string origin() const;
  /// origin() + target, for requests.
  [[nodiscard]] std::string to_string() const;
  /// Like to_string(), for messages and logs: query values become "…", because they may be
  /// signatures, and a long text is shortened (base/visible).
  [[nodiscard]] std::string redacted() const;

  bool operator==(const Url&) const = default;
};

/// `text` with all characters percent-encoded except unreserved ones (RFC 3986); "/" is encoded
/// too.
std::string percent_encode(std::string_view text);

} // namespace regctl::http
