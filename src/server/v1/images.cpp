// SPDX-License-Identifier: Apache-2.0
#include "server/v1/images.hpp"

#include "server/http/range.hpp"
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"
#include "server/v1/stored_body.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/digest.hpp>

namespace regctl::server {

namespace {

constexpr const char* k_json = "application/json";
constexpr const char* k_bytes = "application/octet-stream";
constexpr std::chrono::seconds k_redirect_holds{1200}; // as docker-registry's

/// The entity tag of a part of a complete image, made from its checksum; "" if none is recorded.
std::string entity_tag(const std::vector<std::string>& checksums, std::string_view part) {
  if (checksums.empty() || !checksums.front().starts_with(k_sha256_prefix)) {
    return {};
  }
  return "\"" + std::string(digits_of(checksums.front())) + "-" + std::string(part) + "\"";
}

Response fixed_response(std::string text, const std::string& tag) {
  Response response;
  response.text = std::move(text);
  response.headers.push_back({"Content-Type", k_json});
  make_cacheable(response, tag);
  return response;
}

Response json_of(const V1Image& image, const Request& request) {
  const auto tag = entity_tag(image.payload_checksums, "json");
  if (is_not_modified(request, tag)) {
    return not_modified_response(tag);
  }
  auto response = fixed_response(image.json, tag);
  if (image.layer_size_bytes) { // a mirror's source may not tell it; 0 would mean an empty layer
    response.headers.push_back({"X-Docker-Size", std::to_string(*image.layer_size_bytes)});
  }
  for (const auto& checksum : image.payload_checksums) {
    response.headers.push_back({"X-Docker-Checksum-Payload", checksum});
  }
  return response;
}

/// Prints a list like Python.
std::string print_ids(const std::vector<std::string>& ids) {
  std::string text = "[";
  for (const auto& id : ids) {
    text += (text.size() > 1 ? ", \"" : "\"") + id + "\"";
  }
  return text + "]";
}

/// The answer about an image that is not complete.
Response refusal_of(bool is_marked) {
  // After a 404 the next push sends an image; so it is that also for one whose layer is missing.
  return is_marked ? error_response(400, "Image is being uploaded, retry later")
                   : error_response(404, k_no_image);
}

} // namespace

std::optional<Response> refuse_incomplete(const Call& call) {
  const auto& id = call.target.id;
  if (!is_v1_id(id)) {
    return error_response(404, "Invalid image ID");
  }
  const auto& storage = *call.service.storage;
  if (storage.image_state(id) == V1ImageState::complete) {
    return std::nullopt;
  }
  return refusal_of(storage.is_marked(id));
}

std::optional<Response> adopt(Call& call, const std::string& id, Response absent) {
  const auto asked =
      call.service.mirror ? call.service.mirror->adopt(id) : Asked<PullThrough::Adopted>();
  if (asked.value) {
    return std::nullopt;
  }
  return asked.has_failed ? source_failed_response() : std::move(absent);
}

Response get_image_json(Call& call) {
  const auto found = call.service.storage->look_up(call.target.id);
  if (found.image) {
    return json_of(*found.image, call.request);
  }
  if (call.service.mirror) {
    const auto asked = call.service.mirror->find_image(call.target.id, call.request);
    if (asked.value) {
      return json_of(*asked.value, call.request);
    }
    if (asked.has_failed) {
      return source_failed_response();
    }
  }
  return is_v1_id(call.target.id) ? refusal_of(found.is_marked)
                                  : error_response(404, "Invalid image ID");
}

namespace {

/// The whole layer, or the part that the client asks for.
Response layer_response(const Request& request, const std::string& id,
                        const V1Storage::StoredLayer& layer) {
  const auto& file = *layer.file;
  const auto tag = entity_tag(layer.checksums, "layer");
  if (is_not_modified(request, tag)) {
    return not_modified_response(tag);
  }
  auto range = parse_range(request.header("Range"), file.size_bytes());
  if (const auto condition = request.header("If-Range"); condition && *condition != tag) {
    range = {ByteRange::Kind::whole, 0, file.size_bytes()};
  }
  Response response;
  response.headers = {{"Content-Type", k_bytes}, {"Accept-Ranges", "bytes"}};
  make_cacheable(response, tag);
  const auto size = std::to_string(file.size_bytes());
  if (range.kind == ByteRange::Kind::unsatisfiable) {
    auto refusal = error_response(416, "The layer has " + size + " bytes");
    refusal.headers.push_back({"Accept-Ranges", "bytes"});
    refusal.headers.push_back({"Content-Range", "bytes */" + size});
    return refusal;
  }
  if (range.kind == ByteRange::Kind::part) {
    response.status = 206;
    response.headers.push_back(
        {"Content-Range", "bytes " + std::to_string(range.first) + "-" +
                              std::to_string(range.first + range.size_bytes - 1) + "/" + size});
  }
  set_body(response, file, range.first, range.size_bytes, "the layer of image " + id);
  return response;
}

/// Not to be kept: the URL ends.
Response redirect_to(std::string url) {
  Response response;
  response.status = 302;
  response.headers = {{"Location", std::move(url)}, {"Cache-Control", "no-store"}};
  return response;
}

/// Nothing if the image is not complete. A layer that was replaced or removed since it was looked
/// at is looked for again.
std::optional<Response> stored_layer(const Call& call) {
  const auto& storage = *call.service.storage;
  const auto& id = call.target.id;
  auto layer = storage.find_layer(id);
  if (layer && call.service.redirect && call.request.method == "GET") {
    if (auto url = layer->file->url(k_redirect_holds); !url.empty()) {
      return redirect_to(std::move(url));
    }
  }
  try {
    return layer ? std::optional(layer_response(call.request, id, *layer)) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::integrity) {
      throw;
    }
  }
  storage.look_again(id);
  layer = storage.find_layer(id);
  return layer ? std::optional(layer_response(call.request, id, *layer)) : std::nullopt;
}

} // namespace

Response get_image_layer(Call& call) {
  auto& service = call.service;
  const auto& id = call.target.id;
  if (auto response = stored_layer(call)) {
    return std::move(*response);
  }
  if (service.mirror && is_v1_id(id)) {
    if (auto response = service.mirror->open_layer(id, call.request)) {
      return std::move(*response);
    }
  }
  return refuse_incomplete(call).value_or(error_response(404, k_no_image));
}

Response get_image_ancestry(Call& call) {
  if (auto refusal = refuse_incomplete(call)) {
    if (call.service.mirror && is_v1_id(call.target.id)) {
      const auto asked = call.service.mirror->ancestry(call.target.id);
      if (asked.value) {
        return fixed_response(print_ids(*asked.value), "");
      }
      if (asked.has_failed) {
        return source_failed_response();
      }
    }
    return std::move(*refusal);
  }
  const auto ids = call.service.storage->chain(call.target.id);
  return ids ? fixed_response(print_ids(*ids), "") : error_response(404, k_broken_chain);
}

} // namespace regctl::server
