// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include "http/named_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/reference.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace regctl::http {

namespace {

/// An environment variable.
struct Variable {
  std::string name;
  std::string value; ///< empty: not set
};

/// The variable `name` (lower case), or if that is not set, its upper-case spelling.
Variable either_case(const Environment& environment, const std::string& name) {
  auto upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c == '_' ? c : static_cast<char>(c - 'a' + 'A'); });
  for (const auto& spelling : {name, upper}) {
    if (auto value = without_empty(environment)(spelling)) {
      return {spelling, *std::move(value)};
    }
  }
  return {name, ""};
}

struct Address {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> parse_address(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    Address address{family, {}};
    if (::inet_pton(family, text.c_str(), address.bytes.data()) == 1) {
      return address;
    }
  }
  return std::nullopt;
}

/// Whether `host` is an address in the network "ADDRESS/BITS".
bool is_in_network(const std::string& host, std::string_view network) {
  const auto slash = network.find('/');
  const auto base = parse_address(std::string(network.substr(0, slash)));
  const auto bits = parse_whole_number<unsigned>(network.substr(slash + 1));
  const auto address = parse_address(host);
  if (!base || !bits || !address || base->family != address->family ||
      *bits > (base->family == AF_INET ? 32U : 128U)) {
    return false;
  }
  const auto whole = *bits / 8;
  const auto mask = static_cast<unsigned char>(0xff00U >> (*bits % 8));
  return std::equal(base->bytes.begin(), base->bytes.begin() + whole, address->bytes.begin()) &&
         (*bits % 8 == 0 || ((base->bytes.at(whole) ^ address->bytes.at(whole)) & mask) == 0);
}

/// Whether an entry of no_proxy, in lower case, covers the host of `url`.
bool is_meant(std::string_view entry, const Url& url) {
  if (entry == "*") {
    return true;
  }
  if (entry.find('/') != std::string_view::npos) {
    return is_in_network(url.host, entry);
  }
  const auto colon = entry.rfind(':');
  const bool is_bracketed = entry.starts_with('[');
  const bool has_port = colon != std::string_view::npos &&
                        (is_bracketed ? colon > entry.find(']') : colon == entry.find(':'));
  if (has_port) {
    if (parse_whole_number<std::uint16_t>(entry.substr(colon + 1)) != url.port) {
      return false;
    }
    entry = entry.substr(0, colon);
  }
  if (is_bracketed) {
    entry = entry.substr(1, entry.find(']') - 1);
  }
  entry.remove_prefix(entry.starts_with("*.") ? 2 : entry.starts_with('.') ? 1 : 0);
  return !entry.empty() && (url.host == entry || url.host.ends_with("." + std::string(entry)));
}

bool is_exempt(const std::string& no_proxy, const Url& url) {
  constexpr std::string_view k_separators = ", \t";
  const auto list = lower(no_proxy);
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = std::min(list.find_first_of(k_separators, begin), list.size());
    if (is_meant(std::string_view(list).substr(begin, end - begin), url)) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

[[noreturn]] void refuse(const std::string& variable, const std::string& why) {
  throw Error(ErrorKind::usage, "the proxy that " + variable + " names " + why,
              "write " + variable +
                  "=http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with "
                  "every special character of the password percent-encoded");
}

/// Whether `text` is like "host:3128" or "[::1]:3128"; the port may be missing.
bool is_host_and_port(std::string_view text) {
  const auto bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return false;
  }
  const auto colon = std::min(text.find(':', bracket), text.size());
  const auto host = text.substr(0, colon);
  constexpr std::string_view k_letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  const bool is_host =
      bracket > 0 ? parse_address(std::string(text.substr(1, bracket - 1))) && colon == bracket + 1
                  : !host.empty() && host.find_first_not_of(k_letters) == std::string_view::npos;
  return is_host && (colon == text.size() ||
                     parse_whole_number<std::uint16_t>(text.substr(colon + 1)).value_or(0) != 0);
}

/// Parses "[SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/…]", the value of `variable`.
Proxy parse_proxy(const std::string& variable, std::string_view text) {
  constexpr std::array<std::string_view, 6> k_schemes = {"http",    "https",  "socks4",
                                                         "socks4a", "socks5", "socks5h"};
  Proxy proxy;
  std::string scheme = "http";
  if (const auto end = text.find("://"); end != std::string_view::npos) {
    scheme = lower(text.substr(0, end));
    text.remove_prefix(end + 3);
  }
  if (std::find(k_schemes.begin(), k_schemes.end(), scheme) == k_schemes.end()) {
    refuse(variable, "has a scheme that is none of http, https, socks4, socks4a, socks5, socks5h");
  }
  // Passwords often contain unencoded "/", "#" and "@", against the rules: the last "@" ends them.
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto user = text.substr(0, at);
    const auto colon = std::min(user.find(':'), user.size());
    const auto password = user.substr(std::min(colon + 1, user.size()));
    const auto decoded = [](std::string_view part) {
      return percent_decode(part, Plus::plus).value_or(std::string(part));
    };
    proxy.username = decoded(user.substr(0, colon));
    proxy.password = Secret(decoded(password));
    text.remove_prefix(at + 1);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  if (!is_host_and_port(text)) {
    refuse(variable, "is not written as HOST or HOST:PORT");
  }
  proxy.name = text;
  proxy.url = scheme + "://" + proxy.name;
  return proxy;
}

} // namespace

std::optional<Proxy> find_proxy(const Url& url, const Environment& environment) {
  if (!url.unix_socket.empty() || is_loopback_host(url.host) ||
      kind_of_host(url.host) == AddressKind::this_link) {
    return std::nullopt;
  }
  auto proxy = either_case(environment, url.scheme + "_proxy");
  if (proxy.value.empty()) {
    proxy = either_case(environment, "all_proxy");
  }
  if (proxy.value.empty() || is_exempt(either_case(environment, "no_proxy").value, url)) {
    return std::nullopt;
  }
  return parse_proxy(proxy.name, proxy.value);
}

} // namespace regctl::http
