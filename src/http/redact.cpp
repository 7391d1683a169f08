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

/// "a?b=1&c=2 HTTP/1.1" → "a?b=…&c=… HTTP/1.1".
std::string without_query_values(std::string_view text) {
  std::string result;
  bool in_query = false;
  bool in_value = false;
  for (const char c : text) {
    if (c == ' ') {
      in_query = in_value = false;
    } else if (c == '?') {
      in_query = true;
    } else if (in_query && c == '&') {
      in_value = false;
    }
    if (!in_value) {
      result += c;
    }
    if (in_query && c == '=' && !in_value) {
      in_value = true;
      result += "…";
    }
  }
  return result;
}

/// "https://user:password@host/x" → "https://…@host/x".
std::string without_user(std::string_view text) {
  const auto begin = std::min(text.find("//"), text.size());
  const auto authority = text.substr(begin, text.find_first_of("/?#", begin + 2) - begin);
  const auto at = authority.rfind('@');
  return at == std::string_view::npos
             ? std::string(text)
             : std::string(text.substr(0, begin)) + "//…" + std::string(text.substr(begin + at));
}

std::string redacted(std::string_view line) {
  const auto colon = line.find(':');
  const auto space = line.find(' ');
  if (colon == std::string_view::npos || space < colon) {
    return without_query_values(line); // the request line, or a status line
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
  return name == "location" ? without_user(without_query_values(line)) : std::string(line);
}

} // namespace

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
