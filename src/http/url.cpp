// SPDX-License-Identifier: Apache-2.0
#include "http/redact.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/http/url.hpp>

#include <algorithm>
#include <vector>

namespace regctl::http {

namespace {

constexpr std::string_view k_hex_digits = "0123456789ABCDEF";

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

void append_encoded(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += '%';
  text += k_hex_digits[byte >> 4];
  text += k_hex_digits[byte & 15];
}

[[noreturn]] void bad(std::string_view text) {
  throw Error(ErrorKind::protocol, "'" + excerpt(redacted_url(text)) + "' is not an http URL");
}

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

bool is_host(std::string_view host) {
  constexpr std::size_t k_longest = 255; // of DNS
  return !host.empty() && host.size() <= k_longest &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

/// Whether `host` is an IPv6 literal without brackets, possibly with a zone as in "fe80::1%eth0".
bool is_ipv6(std::string_view host) {
  const auto address = host.substr(0, host.find('%'));
  return std::count(address.begin(), address.end(), ':') >= 2 &&
         std::all_of(address.begin(), address.end(),
                     [](char c) {
                       return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f') ||
                              c == ':' || c == '.';
                     }) &&
         (address.size() == host.size() || is_host(host.substr(address.size() + 1)));
}

/// Reads "[user@]host[:port]" into `url`; returns false if it is malformed.
bool read_authority(std::string_view authority, Url& url) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos || !is_ipv6(authority.substr(1, bracket - 1))) {
      return false;
    }
    url.host = lower(authority.substr(1, bracket - 1));
    port = authority.substr(bracket + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    if (!is_host(authority.substr(0, colon))) {
      return false;
    }
    url.host = lower(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  url.port = default_port(url.scheme);
  if (port.empty() || port == ":") {
    return true;
  }
  url.port = parse_whole_number<std::uint16_t>(port.substr(1)).value_or(0);
  return port.front() == ':' && url.port != 0;
}

/// Path and query as written, without the fragment. Characters that a request line must not contain
/// are percent-encoded.
std::string clean_target(std::string_view rest) {
  std::string target = rest.starts_with('/') ? "" : "/";
  for (const char c : rest.substr(0, rest.find('#'))) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f) {
      append_encoded(target, c);
    } else {
      target += c;
    }
  }
  return target;
}

/// Removes dot segments from a path that begins with '/'. Source: RFC 3986 section 5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_with_slash = false;
  for (std::size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    const bool is_dots = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) {
      kept.pop_back();
    } else if (!is_dots) {
      kept.push_back(segment);
    }
    ends_with_slash = is_dots;
    begin = end + 1;
  }
  std::string result;
  for (const auto segment : kept) {
    result.append("/").append(segment);
  }
  return ends_with_slash || result.empty() ? result + "/" : result;
}

std::string clean_path(std::string_view target) {
  const auto question = std::min(target.find('?'), target.size());
  return without_dots(target.substr(0, question)).append(target.substr(question));
}

/// "ftp" for "ftp://x"; empty for a reference without a scheme.
std::string_view scheme_of(std::string_view reference) {
  const auto end = reference.find_first_of(":/?#");
  const bool found = end != std::string_view::npos && reference[end] == ':' && end > 0;
  return found ? reference.substr(0, end) : std::string_view();
}

} // namespace

Url Url::parse(std::string_view text) {
  Url url;
  const auto scheme_end = text.find("://");
  url.scheme = lower(text.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end));
  if (url.scheme != "http" && url.scheme != "https") {
    bad(text);
  }
  const auto rest = text.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!read_authority(rest.substr(0, authority_end), url)) {
    bad(text);
  }
  url.target = clean_target(rest.substr(authority_end));
  return url;
}

Url Url::resolve(std::string_view reference) const {
  const bool names_host = reference.starts_with("//");
  if (names_host || !scheme_of(reference).empty()) {
    auto url = parse(names_host ? scheme + ":" + std::string(reference) : std::string(reference));
    url.target = clean_path(url.target);
    url.unix_socket = url.origin() == origin() ? unix_socket : std::string();
    return url;
  }
  auto url = *this;
  const auto path = std::string_view(target).substr(0, target.find('?'));
  if (reference.empty() || reference.front() == '#') {
    return url;
  }
  if (reference.front() == '?') {
    url.target = clean_target(std::string(path).append(reference));
  } else if (reference.front() == '/') {
    url.target = clean_path(clean_target(reference));
  } else {
    const auto folder = path.substr(0, path.rfind('/') + 1);
    url.target = clean_path(clean_target(std::string(folder).append(reference)));
  }
  return url;
}

std::string Url::origin() const {
  auto text = scheme + "://" + (host.find(':') == std::string::npos ? host : "[" + host + "]");
  if (port != default_port(scheme)) {
    text += ":" + std::to_string(port);
  }
  return text;
}

std::string Url::to_string() const {
  return origin() + target;
}

std::string Url::redacted() const {
  return excerpt(redacted_url(to_string()));
}

std::string percent_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      append_encoded(result, c);
    }
  }
  return result;
}

} // namespace regctl::http
