// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/registry/docker_engine.hpp>

#include <cstdlib>

namespace regctl::registry {

namespace {

constexpr std::string_view k_default_host = "unix:///var/run/docker.sock";
constexpr const char* k_engine_hint =
    "is the Docker engine running, and may you use it? DOCKER_HOST says where it is";
constexpr std::uint64_t k_load_answer_limit_bytes = 4 * 1024 * 1024;

std::string configured_host() {
  const char* host = std::getenv("DOCKER_HOST");
  return host != nullptr && *host != '\0' ? host : std::string(k_default_host);
}

http::Url url_of(const std::string& host) {
  constexpr std::string_view k_unix = "unix://";
  constexpr std::string_view k_tcp = "tcp://";
  if (host.starts_with(k_unix)) {
    auto url = http::Url::parse("http://docker/");
    url.unix_socket = host.substr(k_unix.size());
    return url;
  }
  if (host.starts_with(k_tcp)) {
    const char* tls = std::getenv("DOCKER_TLS_VERIFY");
    const bool wants_tls = tls != nullptr && *tls != '\0';
    return http::Url::parse((wants_tls ? "https://" : "http://") + host.substr(k_tcp.size()));
  }
  throw Error(ErrorKind::usage,
              "DOCKER_HOST is '" + host + "', of which only unix:// and tcp:// can be used");
}

} // namespace

DockerEngine::DockerEngine(http::Transport& transport) : transport_(transport) {
  const auto host = configured_host();
  base_ = url_of(host);
  description_ = "the Docker engine at " + host;
  http::Request ping;
  ping.url = base_;
  ping.url.target = "/_ping"; // every engine has it
  auto response = send(ping);
  if (response.status >= 500) {
    throw_status(response, "cannot ask " + description_);
  }
  http::discard_body(response);
}

http::Response DockerEngine::send(const http::Request& request) {
  try {
    return transport_.send(request);
  } catch (Error& error) {
    // The client's hints about plain http are meant for registries.
    const bool is_hint_wrong = error.kind() == ErrorKind::unavailable && base_.scheme == "http";
    Error told(error.kind(), error.message(), is_hint_wrong ? k_engine_hint : error.hint());
    told.add_frame("asking " + description_);
    throw told;
  }
}

std::unique_ptr<Source> DockerEngine::save(const std::string& name) {
  http::Request request;
  request.url = base_;
  request.url.target = "/images/get?names=" + http::percent_encode(name);
  auto response = send(request);
  if (response.status == 404) {
    throw Error(ErrorKind::not_found,
                description_ + " has no image " + name + " (" + error_text(response) + ")");
  }
  if (response.status != 200) {
    throw_status(response, "cannot export " + name + " from " + description_);
  }
  return std::move(response.body);
}

void DockerEngine::load(const OpenSource& archive, std::uint64_t size_bytes) {
  http::Request request;
  request.method = http::Method::post;
  request.url = base_;
  request.url.target = "/images/load?quiet=1";
  request.headers.add("Content-Type", "application/x-tar");
  request.body = http::Body{archive, size_bytes};
  auto response = send(request);
  if (response.status != 200) {
    throw_status(response, "cannot load an archive into " + description_);
  }
  // The engine sends its status before it reads the archive, so a refusal is one of the JSON lines
  // of a 200.
  const auto lines = http::read_body(response, k_load_answer_limit_bytes);
  for (std::size_t begin = 0; begin < lines.size();) {
    const auto end = std::min(lines.find('\n', begin), lines.size());
    const auto line = find_json(std::string_view(lines).substr(begin, end - begin));
    if (const auto text = line ? optional_string(*line, "error") : std::nullopt) {
      throw Error(ErrorKind::protocol, description_ + " refuses the archive: " + excerpt(*text));
    }
    begin = end + 1;
  }
}

} // namespace regctl::registry
