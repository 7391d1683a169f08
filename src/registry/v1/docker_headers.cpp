// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/docker_headers.hpp"

#include <regctl/base/json.hpp>
#include <regctl/base/whole_number.hpp>

#include <string_view>

namespace regctl::registry::v1 {

namespace {

constexpr std::string_view k_token_scheme = "Token ";

/// Removes the scheme: docker-registry's X-Docker-Token begins with "Token ", that of npm's server
/// is the bare value.
std::string bare_token(std::string_view value) {
  while (value.starts_with(k_token_scheme)) {
    value.remove_prefix(k_token_scheme.size());
  }
  return std::string(value);
}

} // namespace

http::Secret token_of(const http::Response& response) {
  auto value = response.headers.find("X-Docker-Token").value_or("");
  if (value.empty() && response.status != 401) {
    value = response.headers.find("WWW-Authenticate").value_or(""); // from older servers
    if (!value.starts_with(k_token_scheme)) {
      return {};
    }
  }
  const auto token = bare_token(value);
  return token.empty() ? http::Secret() : http::Secret(std::string(k_token_scheme) + token);
}

std::optional<std::uint64_t> parse_layer_size(const std::optional<std::string>& text) {
  return text ? parse_whole_number<std::uint64_t>(*text) : std::nullopt;
}

std::vector<std::string> parse_checksums(const std::string& value) {
  const auto document = find_json(value);
  if (!document || !document->is_array()) {
    return value.empty() ? std::vector<std::string>() : std::vector<std::string>{value};
  }
  std::vector<std::string> sums;
  for (const auto& sum : *document) {
    if (sum.is_string()) {
      sums.push_back(sum.get<std::string>());
    }
  }
  return sums;
}

} // namespace regctl::registry::v1
