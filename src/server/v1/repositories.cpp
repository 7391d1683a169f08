// SPDX-License-Identifier: Apache-2.0
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"
#include "server/v1/image_list.hpp"
#include "server/v1/images.hpp"
#include "server/v1/stored_body.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>

namespace regctl::server {

namespace {

/// Adds the token and the endpoints for the requests that follow an index request.
void add_index_headers(Response& response, const Call& call, Access access) {
  const auto token = call.service.auth->make_token(call.target.name, access, call.request);
  response.headers.push_back({"X-Docker-Token", token});
  response.headers.push_back({"WWW-Authenticate", token});
  response.headers.push_back({"X-Docker-Endpoints", call.request.header("Host").value_or("")});
}

std::optional<Response> store_images(Call& call) {
  ImageList list;
  if (auto problem = read_image_list(call.body, list)) {
    return problem;
  }
  call.service.storage->add_index_images(call.target.name, list.ids, list.sums);
  call.service.index->add(call.target.name);
  return std::nullopt;
}

/// Prints properties in docker-registry's order; unknown ones have default values.
Response print_properties(const std::optional<std::string>& stored) {
  const auto document = find_json(stored.value_or("")).value_or(Json::object());
  Json all = {{"arch", "amd64"},   {"docker_go_version", nullptr}, {"docker_version", nullptr},
              {"kernel", nullptr}, {"last_update", nullptr},       {"os", "linux"}};
  for (auto& [key, value] : all.items()) {
    if (const auto* known = find_member(document, key)) {
      value = *known;
    }
  }
  return json_response(print_spaced_json(all));
}

Response print_tags(const V1Tags& tags) {
  auto all = Json::object();
  for (const auto& [tag, id] : tags) {
    if (id) { // clients cannot use null
      append_member(all, tag, *id);
    }
  }
  return json_response(print_spaced_json(all));
}

} // namespace

Response announce(Call& call) {
  if (auto problem = store_images(call)) {
    return std::move(*problem);
  }
  auto response = json_response("\"\"");
  add_index_headers(response, call, Access::write);
  return response;
}

Response put_repository_images(Call& call) {
  if (auto problem = store_images(call)) {
    return std::move(*problem);
  }
  auto response = json_response("", 204);
  add_index_headers(response, call, Access::write);
  return response;
}

/// The stored list of a repository's images, sent from its file, because it only grows and can
/// become long. Nothing if it is missing or damaged.
std::optional<Response> stored_images(Call& call) {
  const auto file = call.service.storage->open_index_images(call.target.name);
  if (!file) {
    return std::nullopt;
  }
  constexpr auto k_what = "a list of images";
  const auto share = take_share(call.service, call.request, file->size_bytes());
  const auto text = read_text(*file->open(k_what), k_listing_limit_bytes, k_what);
  const bool is_list = text.find_first_not_of(" \r\n") == text.find('[');
  if (!is_list || !Json::accept(text)) {
    return std::nullopt;
  }
  auto response = json_response("");
  set_body(response, *file, 0, file->size_bytes(), k_what);
  return response;
}

Response get_repository_images(Call& call) {
  const auto& name = call.target.name;
  auto stored = stored_images(call);
  if (!stored && call.service.mirror) {
    const auto asked = call.service.mirror->tags(name);
    if (asked.value || (asked.has_failed && call.service.storage->has_repository(name))) {
      stored = json_response("[]"); // engines need only token and endpoints here
    } else if (asked.has_failed) {
      return source_failed_response();
    }
  }
  if (!stored) {
    return error_response(404, "images not found");
  }
  auto& response = *stored;
  add_index_headers(response, call, Access::read);
  return std::move(response);
}

Response delete_repository_images(Call& call) {
  auto response = json_response("", 204); // removes nothing, like docker-registry
  add_index_headers(response, call, Access::remove);
  return response;
}

Response delete_repository(Call& call) {
  if (!call.service.storage->remove_repository(call.target.name)) {
    return error_response(404, "Repository not found");
  }
  call.service.index->remove(call.target.name);
  return json_response("true");
}

Response get_repository_json(Call& call) {
  return print_properties(call.service.storage->properties(call.target.name, ""));
}

Response get_properties(Call& call) {
  return json_response(call.service.storage->is_private(call.target.name)
                           ? R"({"access": "private"})"
                           : R"({"access": "public"})");
}

/// After a change of a repository: an index of a listing looks at it again. In a bucket it is gone
/// with its last file.
void tell_index(Call& call) {
  auto& index = *call.service.index;
  if (call.service.storage->has_repository(call.target.name)) {
    index.add(call.target.name);
  } else {
    index.remove(call.target.name);
  }
}

Response put_properties(Call& call) {
  const auto document = find_json(call.body).value_or(Json());
  const auto access = optional_string(document, "access").value_or("");
  if (access != "public" && access != "private") {
    return error_response(400, "`access' has to be \"public\" or \"private\"");
  }
  call.service.storage->set_private(call.target.name, access == "private");
  tell_index(call);
  return json_response("true");
}

Response get_tags(Call& call) {
  auto tags = call.service.storage->tags(call.target.name);
  if (call.service.mirror) {
    auto remote = call.service.mirror->tags(call.target.name);
    if (remote.value) {
      remote.value->merge(tags ? *tags : V1Tags()); // tags of the source take precedence
      tags = std::move(remote.value);
    } else if (remote.has_failed && !tags) {
      return source_failed_response();
    }
  }
  return tags ? print_tags(*tags) : error_response(404, "Repository not found");
}

Response get_tag(Call& call) {
  const auto& [kind, name, tag, unused] = call.target;
  std::optional<std::string> id;
  bool has_failed = false;
  if (call.service.mirror) {
    const auto remote = call.service.mirror->tags(name);
    const auto tags = remote.value.value_or(V1Tags());
    const auto found = tags.find(tag);
    id = found != tags.end() ? found->second : std::nullopt;
    has_failed = remote.has_failed;
  }
  if (!id) {
    id = call.service.storage->find_tag(name, tag);
  }
  if (!id && has_failed) {
    return source_failed_response();
  }
  return id ? json_response(json_quote(*id)) : error_response(404, "Tag not found");
}

Response get_tag_json(Call& call) {
  return print_properties(call.service.storage->properties(call.target.name, call.target.tag));
}

Response put_tag(Call& call) {
  if (!is_tag(call.target.tag)) {
    return error_response(400, "Invalid tag name (must match ^[\\w][\\w.-]{0,127}$)");
  }
  const auto document = find_json(call.body);
  if (!document || !document->is_string()) {
    return error_response(400, "Invalid data");
  }
  const auto id = document->get<std::string>();
  auto& storage = *call.service.storage;
  if (!storage.keeps_out_other_processes() && storage.is_being_removed(id)) {
    storage.look_again(id);
    return error_response(404, k_no_image);
  }
  if (storage.image_state(id) == V1ImageState::absent) {
    if (auto problem = adopt(call, id, error_response(404, k_no_image))) {
      return std::move(*problem);
    }
  }
  storage.put_tag(call.target.name, call.target.tag, id,
                  print_tag_properties(call.request.header("User-Agent").value_or("")));
  call.service.index->add(call.target.name);
  return json_response("true");
}

Response delete_tag(Call& call) {
  if (!call.service.storage->remove_tag(call.target.name, call.target.tag)) {
    return error_response(404, "Tag not found: " + call.target.tag);
  }
  tell_index(call);
  return json_response("true");
}

} // namespace regctl::server
