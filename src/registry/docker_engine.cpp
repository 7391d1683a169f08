// SPDX-License-Identifier: Apache-2.0
#include "registry/status.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/registry/docker_engine.hpp>

namespace regctl::registry {

namespace {

constexpr std::string_view k_default_host = "unix:///var/run/docker.sock";
constexpr const char* k_engine_hint =
    "is the Docker engine running, and may you use it? DOCKER_HOST says where it is";
constexpr std::uint64_t k_load_answer_limit_bytes = 4 * 1024 * 1024;
constexpr std::uint64_t k_list_limit_bytes = 64 * 1024 * 1024; // of about 100,000 images
constexpr std::string_view k_no_name = "<none>:<none>";        // engines before 1.24 write it

std::string configured_host() {
  return without_empty(process_environment)("DOCKER_HOST").value_or(std::string(k_default_host));
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
    const bool wants_tls = without_empty(process_environment)("DOCKER_TLS_VERIFY").has_value();
    return http::Url::parse((wants_tls ? "https://" : "http://") + host.substr(k_tcp.size()));
  }
  throw Error(ErrorKind::usage,
              "DOCKER_HOST is '" + host + "', of which only unix:// and tcp:// can be used");
}

EngineImage read_image(const Json& entry) {
  constexpr std::string_view k_where = "the engine's list of images";
  EngineImage image;
  image.id = required_string(entry, "Id", k_where);
  const auto* names = find_member(entry, "RepoTags");
  for (const auto& name : names != nullptr && names->is_array() ? *names : Json::array()) {
    if (name.is_string() && name.get<std::string>() != k_no_name) {
      image.names.push_back(name.get<std::string>());
    }
  }
  const auto* created = find_member(entry, "Created");
  if (created != nullptr && created->is_number_integer()) {
    image.created_s = created->get<std::int64_t>();
  }
  const auto* size = find_member(entry, "Size");
  if (size != nullptr && size->is_number_unsigned()) {
    image.size_bytes = size->get<std::uint64_t>();
  }
  return image;
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
    throw_no_image(name, response);
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

std::vector<EngineImage> DockerEngine::list() {
  const auto what = "cannot list the images of " + description_;
  http::Request request;
  request.url = base_;
  request.url.target = "/images/json";
  auto response = send(request);
  if (response.status != 200) {
    throw_status(response, what);
  }
  const auto listing = parse_json(http::read_body(response, k_list_limit_bytes), what);
  if (!listing.is_array()) {
    throw Error(ErrorKind::protocol, what + ": its answer is no list");
  }
  std::vector<EngineImage> images;
  for (const auto& entry : listing) {
    images.push_back(read_image(entry));
  }
  return images;
}

void DockerEngine::tag(const std::string& image, const std::string& repository,
                       const std::string& tag) {
  http::Request request;
  request.method = http::Method::post;
  request.url = base_;
  request.url.target = "/images/" + http::percent_encode(image) +
                       "/tag?repo=" + http::percent_encode(repository) +
                       "&tag=" + http::percent_encode(tag);
  request.body = http::text_body("");
  auto response = send(request);
  if (response.status == 404) {
    throw_no_image(image, response);
  }
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot tag " + image + " in " + description_);
  }
  http::discard_body(response);
}

void DockerEngine::remove(const std::string& name) {
  http::Request request;
  request.method = http::Method::remove;
  request.url = base_;
  request.url.target = "/images/" + http::percent_encode(name);
  auto response = send(request);
  if (response.status == 404) {
    throw_no_image(name, response);
  }
  if (response.status == 409) {
    throw Error(ErrorKind::unsupported,
                description_ + " does not remove " + name + ": " + error_text(response),
                "a container uses it; docker ps -a shows which");
  }
  if (!http::is_success(response.status)) {
    throw_status(response, "cannot remove " + name + " from " + description_);
  }
  http::discard_body(response);
}

void DockerEngine::throw_no_image(const std::string& name, http::Response& response) const {
  throw Error(ErrorKind::not_found,
              description_ + " has no image " + name + " (" + error_text(response) + ")");
}

} // namespace regctl::registry
