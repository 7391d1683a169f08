// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <optional>
#include <string>

namespace regctl::http {

/// The proxy through which a host is reached.
struct Proxy {
  std::string url;      ///< scheme, host and port
  std::string name;     ///< "host:port", for messages
  std::string username; ///< empty: none
  Secret password;
};

/// The proxy for `url`: https_proxy or http_proxy by its scheme, else all_proxy; each in lower case
/// first, then in upper case. None for a socket, for loopback addresses, for link-local ones and
/// the metadata services of clouds (a proxy would ask its own), and for hosts in no_proxy.
/// Entries of no_proxy are separated by commas or blanks: "*"; "example.com" or ".example.com" for
/// the host and all names below it; an address; a network like "10.0.0.0/8". A host or address with
/// ":PORT" means that port only. libcurl can choose a proxy itself, but does not report its choice.
///
/// User and password are percent-decoded, as in every URL; if one is not valid percent-encoding, it
/// is used as it is. A password may contain "@", "/", "#" and ":". Throws Error{usage}, without the
/// value, if a variable names no proxy.
std::optional<Proxy> find_proxy(const Url& url, const Environment& environment);

} // namespace regctl::http
