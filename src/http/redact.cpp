// SPDX-License-Identifier: Apache-2.0
#include "http/redact.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>
#include <array>

namespace regctl::http {

namespace {

constexpr std::array<std::string_view, 7> k_secret_headers = {
    "authorization",        "proxy-authorization",     "cookie", "set-cookie", "x-docker-token",
    "x-amz-security-token", "x-aws-ec2-metadata-token"};

/// "https://user:password@host/x" → "https://…@host/x"; also without a scheme.
std::string without_user(std::string_view text) {
  const auto slash = std::min(text.find_first_of("/?#"), text.size());
  const bool has_host = text.substr(slash).starts_with("//") &&
                        (slash == 0 || text[slash - 1] == ':'); // else it is within a path
  const auto begin = has_host ? slash + 2 : 0;
  const auto at = text.substr(begin, text.find_first_of("/?#", begin) - begin).rfind('@');
  return at == std::string_view::npos
             ? std::string(text)
             : std::string(text.substr(0, begin)) + "…" + std::string(text.substr(begin + at));
}

/// "a?b=1&c=2" → "a?b=…&c=…".
std::string without_query_values(std::string_view text) {
  const auto question = text.find('?');
  if (question == std::string_view::npos) {
    return std::string(text);
  }
  std::string result(text.substr(0, question + 1));
  auto rest = text.substr(question + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto equals = rest.substr(0, end).find('=');
    // A part without '=' is hidden as a whole: it may be a signature.
    result += equals == std::string_view::npos ? "" : std::string(rest.substr(0, equals + 1));
    result += "…";
    result += end < rest.size() ? "&" : "";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return result;
}

/// A request line or a status line.
std::string redacted_first_line(std::string_view line) {
  const auto version = std::min(line.rfind(" HTTP/"), line.size());
  return without_query_values(line.substr(0, version)) + std::string(line.substr(version));
}

std::string redacted(std::string_view line) {
  const auto colon = line.find(':');
  const auto space = line.find(' ');
  if (colon == std::string_view::npos || space < colon) {
    return redacted_first_line(line);
  }
  const auto name = lower(line.substr(0, colon));
  const auto value = line.substr(colon + 1);
  const auto kept = std::string(line.substr(0, colon + 1)) + " ";
  if (std::find(k_secret_headers.begin(), k_secret_headers.end(), name) != k_secret_headers.end()) {
    return name == "x-docker-token" && value == " true" ? std::string(line) : kept + "…";
  }
  if (name == "www-authenticate") {
    // docker-registry sends the token itself in this header; a bare scheme or a realm is harmless.
    const bool is_token = lower(value).find("token ") != std::string::npos;
    return is_token ? kept + "Token …" : std::string(line);
  }
  return name == "location" ? kept + redacted_url(trim(value)) : std::string(line);
}

} // namespace

std::string redacted_url(std::string_view text) {
  return without_query_values(without_user(text));
}

std::vector<std::string> redacted_lines(std::string_view head) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < head.size();) {
    const auto end = std::min(head.find('\n', begin), head.size());
    auto line = head.substr(begin, end - begin);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (!line.empty()) {
      lines.push_back(redacted(line));
    }
    begin = end + 1;
  }
  return lines;
}

} // namespace regctl::http
