// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <functional>
#include <optional>
#include <string>

namespace regctl::http {

/// Through whom a host is reached.
struct Proxy {
  std::string url;      ///< scheme, host and port
  std::string name;     ///< "host:port" of it, for messages
  std::string username; ///< empty: none
  Secret password;
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// The proxy for `url`: https_proxy or http_proxy by its scheme, else all_proxy, in lower case
/// first, then in upper case. None for a socket, for this machine's own addresses, and for what
/// no_proxy lists, separated by commas or blanks: "*"; "example.com" and ".example.com" for that
/// host and all below it; an address; "10.0.0.0/8"; and each host or address with ":PORT" for that
/// port alone. libcurl could choose too, but would not say what it chose.
///
/// User and password are percent-encoded, as in every URL; where they cannot be, because a "%" has
/// no digits behind it, they are taken as they are. "@", "/", "#" and ":" in a password are not
/// taken for the end of it. Throws Error{usage}, without the value, for a variable that names no
/// proxy.
std::optional<Proxy> find_proxy(const Url& url, const Environment& environment);

} // namespace regctl::http
