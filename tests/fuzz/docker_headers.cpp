// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/docker_headers.hpp"

#include "fuzz/fuzz.hpp"
#include "registry/v1/endpoints.hpp"

#include <algorithm>

using namespace regctl;
using namespace regctl::registry::v1;

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void read_token(const std::string& name, const std::string& value) {
  for (const int status : {200, 401}) {
    http::Response response;
    response.status = status;
    response.headers.add(name, value);
    const auto token = token_of(response).reveal();
    require(token.empty() || (token.starts_with("Token ") && token.size() > 6 &&
                              !token.starts_with("Token Token ")));
  }
}

void read_endpoints(const std::string& value) {
  http::Response response;
  response.headers.add("X-Docker-Endpoints", value);
  const auto base = http::Url::parse("https://registry.example:5000/");
  for (const auto& endpoint : named_endpoints(response, base)) {
    require(endpoint.scheme == base.scheme && endpoint.target == "/");
    require(!endpoint.host.empty() && endpoint.port != 0);
    require(http::Url::parse(endpoint.to_string()) == endpoint);
  }
}

} // namespace

/// The value of each header that a registry's answer may have.
void fuzz(const std::string& input) {
  read_token("X-Docker-Token", input);
  read_token("WWW-Authenticate", input);
  read_endpoints(input);
  if (const auto size = parse_layer_size(input)) {
    const auto zeros = std::min(input.find_first_not_of('0'), input.size() - 1);
    require(std::to_string(*size) == input.substr(zeros));
  }
  parse_checksums(input);
}
