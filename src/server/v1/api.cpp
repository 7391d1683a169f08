// SPDX-License-Identifier: Apache-2.0
#include "server/v1/api.hpp"

#include "server/http/collected_body.hpp"
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"
#include "server/v1/guard.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <array>

namespace regctl::server {

namespace {

using Kind = Target::Kind;

struct Route {
  Kind kind;
  std::string_view method; ///< GET answers HEAD too
  Guard guard;
  std::uint64_t body_limit_bytes; ///< 0: the body, if any, is ignored
  Response (*answer)(Call&);      ///< null: a layer, whose body is not collected
};

constexpr std::uint64_t k_list = 16 * 1024 * 1024; // a list of 200,000 images
constexpr std::uint64_t k_list_growth = 4;         // memory by size: it is read entry by entry
constexpr std::uint64_t k_document = 1024 * 1024;  // an image's JSON has a few KiB
constexpr std::uint64_t k_document_growth = 48; // a parsed document takes up to 48 times its size
constexpr std::uint64_t k_word = 64 * 1024;

constexpr std::array<Route, 31> k_routes = {{
    {Kind::root, "GET", Guard::anybody, 0, get_root},
    {Kind::ping, "GET", Guard::anybody, 0, get_ping},
    {Kind::metrics, "GET", Guard::user, 0, get_metrics},
    {Kind::search, "GET", Guard::listing, 0, get_search},
    {Kind::users, "GET", Guard::user, 0, get_users},
    {Kind::users, "POST", Guard::anybody, k_word, post_users},
    {Kind::user, "PUT", Guard::user, 0, put_user},
    {Kind::repositories, "GET", Guard::listing, 0, list_repositories},
    {Kind::repository, "PUT", Guard::index, k_list, announce},
    {Kind::repository, "DELETE", Guard::index, 0, delete_repository},
    {Kind::repository_images, "GET", Guard::index, 0, get_repository_images},
    {Kind::repository_images, "PUT", Guard::repository, k_list, put_repository_images},
    {Kind::repository_images, "DELETE", Guard::index, 0, delete_repository_images},
    {Kind::repository_json, "GET", Guard::repository, 0, get_repository_json},
    {Kind::repository_auth, "PUT", Guard::index, 0, put_auth},
    {Kind::properties, "GET", Guard::repository, 0, get_properties},
    {Kind::properties, "PUT", Guard::repository, k_word, put_properties},
    {Kind::tags, "GET", Guard::repository, 0, get_tags},
    {Kind::tags, "DELETE", Guard::repository, 0, delete_repository},
    {Kind::tag, "GET", Guard::repository, 0, get_tag},
    {Kind::tag, "PUT", Guard::repository, k_word, put_tag},
    {Kind::tag, "DELETE", Guard::repository, 0, delete_tag},
    {Kind::tag_json, "GET", Guard::repository, 0, get_tag_json},
    {Kind::image_json, "GET", Guard::image, 0, get_image_json},
    {Kind::image_json, "PUT", Guard::image, k_document, put_image_json},
    {Kind::image_layer, "GET", Guard::image, 0, get_image_layer},
    {Kind::image_layer, "PUT", Guard::image, 0, nullptr},
    {Kind::image_checksum, "PUT", Guard::image, 0, put_image_checksum},
    {Kind::image_ancestry, "GET", Guard::image, 0, get_image_ancestry},
    {Kind::image_files, "GET", Guard::image, 0, get_image_files},
    {Kind::image_diff, "GET", Guard::image, 0, get_image_diff},
}};

/// Collects the body and calls the route's function.
class Collected final : public Handler {
public:
  Collected(Service& service, const Request& request, Target target, const Route& route)
      : service_(service), request_(request), target_(std::move(target)), route_(route) {}

  [[nodiscard]] bool wants_body() const override {
    return route_.body_limit_bytes > 0 && !is_too_large_;
  }

  void receive(std::span<const std::byte> bytes) override {
    if (body_.size_bytes() + bytes.size() > route_.body_limit_bytes) {
      is_too_large_ = true;
      body_.discard();
    }
    if (!is_too_large_) {
      body_.append(bytes);
    }
  }

  Response answer() override {
    if (is_too_large_) {
      return too_large();
    }
    const auto growth = route_.body_limit_bytes == k_list ? k_list_growth : k_document_growth;
    auto share = take_share(service_, request_, growth * body_.size_bytes());
    const auto body = body_.take();
    Call call{service_, request_, target_, body, std::move(share)};
    return route_.answer(call);
  }

  [[nodiscard]] Response too_large() const {
    return error_response(413, "the body has more than " + std::to_string(route_.body_limit_bytes) +
                                   " bytes");
  }

private:
  Service& service_;
  const Request& request_;
  Target target_;
  const Route& route_;
  CollectedBody body_;
  bool is_too_large_ = false;
};

/// 404 for an unknown path, 405 for a method that the path does not support.
Response no_route(Kind kind) {
  std::string allowed;
  for (const auto& route : k_routes) {
    if (route.kind == kind) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) +
                 (route.method == "GET" ? ", HEAD" : "");
    }
  }
  if (allowed.empty()) {
    return error_response(404, "Not Found");
  }
  auto response = error_response(405, "Method Not Allowed");
  response.headers.push_back({"Allow", allowed});
  return response;
}

const Route* find_route(Kind kind, std::string_view method) {
  for (const auto& route : k_routes) {
    if (route.kind == kind && route.method == (method == "HEAD" ? "GET" : method)) {
      return &route;
    }
  }
  return nullptr;
}

/// Whether a text is about the storage: it names it then. Clients must not see such a text.
bool names_storage(std::string_view text, const std::string& location) {
  constexpr std::string_view k_bucket = "s3://";
  const auto name = location.starts_with(k_bucket)
                        ? location.substr(0, location.find('/', k_bucket.size()))
                        : "'" + location;
  return text.find(name) != std::string_view::npos;
}

std::string_view text_about_storage(int status, ErrorKind kind) noexcept {
  switch (status) {
  case 503:
    return "the storage cannot be reached at the moment";
  case 507:
    return "the storage is full, or cannot be read or written";
  default:
    return kind == ErrorKind::protocol ? "the storage is damaged here"
                                       : "this server cannot use its storage";
  }
}

int status_of(ErrorKind kind) noexcept {
  switch (kind) {
  case ErrorKind::usage:
    return 400;
  case ErrorKind::not_found:
    return 404;
  case ErrorKind::integrity:
    return 400;
  case ErrorKind::local_io:
    return 507;
  case ErrorKind::unsupported:
    return 501;
  case ErrorKind::unavailable:
  case ErrorKind::interrupted:
    return 503;
  case ErrorKind::denied:   // to the server: guards answer clients by themselves
  case ErrorKind::protocol: // damage in the tree: the routes check the bodies of clients
    break;
  }
  return 500;
}

} // namespace

bool V1Api::has(std::string_view path) const noexcept {
  return path.starts_with("/v1/") || path == "/" || path == "/_ping" || path == "/metrics";
}

std::string_view V1Api::route(std::string_view path) const {
  return to_string(parse_target(path).kind);
}

std::unique_ptr<Handler> V1Api::begin(const Request& request) {
  const auto target = parse_target(request.path);
  const auto* route = find_route(target.kind, request.method);
  if (route == nullptr) {
    return make_ready(no_route(target.kind));
  }
  if (!target.name.empty()) {
    V1Storage::check_name(target.name);
  }
  if (auto refusal = refuse_stranger(route->guard, service_, request, target)) {
    return make_ready(std::move(*refusal));
  }
  const bool changes = access_of(request.method) != Access::read && request.method != "POST";
  if (service_.read_only && changes) {
    return make_ready(error_response(403, "this registry is read-only"));
  }
  if (route->answer == nullptr) {
    return receive_layer(service_, request, target);
  }
  auto handler = std::make_unique<Collected>(service_, request, target, *route);
  if (route->body_limit_bytes > 0 && request.body_bytes().value_or(0) > route->body_limit_bytes) {
    return make_ready(handler->too_large());
  }
  return handler;
}

/// Faults of the server are reported to its operator only: clients must not see its paths.
Response V1Api::explain(const Error& error) noexcept {
  try {
    auto status = status_of(error.kind());
    const bool is_of_storage = error.kind() != ErrorKind::usage &&
                               names_storage(error.what(), service_.storage->location());
    const bool is_for_client = status < 500 || status == 501 || status == 503;
    std::string text = error.message();
    if (is_of_storage || !is_for_client) {
      service_.complain(error.what());
      status = status == 503 || status == 507 ? status : 500;
      text = text_about_storage(status, error.kind());
    }
    auto response = error_response(status, text);
    if (status == 503) {
      response.headers.push_back({"Retry-After", "1"});
    }
    return response;
  } catch (...) {
    Response response;
    response.status = 500;
    return response;
  }
}

} // namespace regctl::server
