// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace regctl::http {

namespace {

/// The value of `name`, which is in lower case, or else of its twin; empty if neither is set.
std::string either_case(const Environment& environment, const std::string& name) {
  auto upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c == '_' ? c : static_cast<char>(c - 'a' + 'A'); });
  for (const auto& spelling : {name, upper}) {
    if (const char* value = environment(spelling.c_str()); value != nullptr && *value != '\0') {
      return value;
    }
  }
  return {};
}

template <class Number> std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
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

/// True if `host` is an address in the network "ADDRESS/BITS".
bool is_in_network(const std::string& host, std::string_view network) {
  const auto slash = network.find('/');
  const auto base = parse_address(std::string(network.substr(0, slash)));
  const auto bits = parse_number<unsigned>(network.substr(slash + 1));
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

/// True if one entry of no_proxy, in lower case, means the host of `url`.
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
    if (parse_number<std::uint16_t>(entry.substr(colon + 1)) != url.port) {
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

/// "http://user:password@host:3128/" → "host:3128".
std::string name_of(std::string_view proxy) {
  const auto scheme = proxy.find("://");
  proxy.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  proxy = proxy.substr(0, proxy.rfind('@') == std::string_view::npos
                              ? proxy.find('/')
                              : proxy.find('/', proxy.rfind('@')));
  const auto at = proxy.rfind('@'); // a password may have "/" and "@" in it, against the rules
  return std::string(at == std::string_view::npos ? proxy : proxy.substr(at + 1));
}

} // namespace

std::optional<Proxy> find_proxy(const Url& url, const Environment& environment) {
  if (!url.unix_socket.empty() || is_loopback_host(url.host)) {
    return std::nullopt;
  }
  auto proxy = either_case(environment, url.scheme + "_proxy");
  if (proxy.empty()) {
    proxy = either_case(environment, "all_proxy");
  }
  if (proxy.empty() || is_exempt(either_case(environment, "no_proxy"), url)) {
    return std::nullopt;
  }
  auto name = name_of(proxy);
  return Proxy{std::move(proxy), std::move(name)};
}

} // namespace regctl::http
