// SPDX-License-Identifier: Apache-2.0
#include "server/http/range.hpp"
#include "server/v1/service.hpp"
#include "server/v1/stored_body.hpp"

#include <regctl/model/digest.hpp>

namespace regctl::server {

namespace {

using ImageState = V1Storage::ImageState;

constexpr const char* k_json = "application/json";
constexpr const char* k_bytes = "application/octet-stream";
constexpr auto k_not_found = "Image not found";

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

} // namespace

std::optional<Response> refuse_incomplete(const Call& call) {
  const auto& id = call.target.id;
  if (!is_v1_id(id)) {
    return error_response(404, "Invalid image ID");
  }
  const auto& storage = *call.service.storage;
  if (storage.image_state(id) == ImageState::complete) {
    return std::nullopt;
  }
  if (storage.is_marked(id)) {
    return error_response(400, "Image is being uploaded, retry later");
  }
  // Also for an image whose layer is missing: after a 404 the next push sends it.
  return error_response(404, k_not_found);
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
  if (auto image = call.service.storage->find_image(call.target.id)) {
    return json_of(*image, call.request);
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
  return refuse_incomplete(call).value_or(error_response(404, k_not_found));
}

Response get_image_layer(Call& call) {
  auto& service = call.service;
  const auto& id = call.target.id;
  if (auto refusal = refuse_incomplete(call)) {
    if (service.mirror && is_v1_id(id)) {
      if (auto response = service.mirror->open_layer(id, call.request)) {
        return std::move(*response);
      }
    }
    return std::move(*refusal);
  }
  const auto file = service.storage->open_layer(id);
  if (!file) {
    return error_response(404, k_not_found);
  }
  const auto tag = entity_tag(service.storage->checksums(id), "layer");
  if (is_not_modified(call.request, tag)) {
    return not_modified_response(tag);
  }
  auto range = parse_range(call.request.header("Range"), file->size_bytes());
  if (const auto condition = call.request.header("If-Range"); condition && *condition != tag) {
    range = {ByteRange::Kind::whole, 0, file->size_bytes()};
  }
  Response response;
  response.headers = {{"Content-Type", k_bytes}, {"Accept-Ranges", "bytes"}};
  make_cacheable(response, tag);
  const auto size = std::to_string(file->size_bytes());
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
  set_body(response, *file, range.first, range.size_bytes, "the layer of image " + id);
  return response;
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
