// SPDX-License-Identifier: Apache-2.0
#include "server/range.hpp"
#include "server/service.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

namespace regctl::server {

namespace {

using ImageState = V1Storage::ImageState;

constexpr const char* k_json = "application/json";
constexpr const char* k_bytes = "application/octet-stream";
constexpr auto k_not_found = "Image not found";

/// A complete image's, made of its checksum; "" where none is recorded.
std::string entity_tag(const std::vector<std::string>& checksums, std::string_view part) {
  constexpr std::string_view k_sha256 = "sha256:";
  if (checksums.empty() || !checksums.front().starts_with(k_sha256)) {
    return {};
  }
  return "\"" + checksums.front().substr(k_sha256.size()) + "-" + std::string(part) + "\"";
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
  response.headers.push_back({"X-Docker-Size", std::to_string(image.layer_size_bytes.value_or(0))});
  for (const auto& checksum : image.payload_checksums) {
    response.headers.push_back({"X-Docker-Checksum-Payload", checksum});
  }
  return response;
}

std::string print_ids(const std::vector<std::string>& ids) {
  return print_spaced_json(Json(ids));
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
  // Also an image whose layer is gone: 404 makes the next push bring it.
  return error_response(404, k_not_found);
}

Response get_image_json(Call& call) {
  if (auto image = call.service.storage->find_image(call.target.id)) {
    return json_of(*image, call.request);
  }
  if (call.service.mirror) {
    if (auto image = call.service.mirror->find_image(call.target.id)) {
      return json_of(*image, call.request);
    }
  }
  return refuse_incomplete(call).value_or(error_response(404, k_not_found));
}

Response get_image_layer(Call& call) {
  auto& service = call.service;
  const auto& id = call.target.id;
  if (auto refusal = refuse_incomplete(call)) {
    if (service.mirror && is_v1_id(id)) {
      if (auto response = service.mirror->open_layer(id)) {
        return std::move(*response);
      }
    }
    return std::move(*refusal);
  }
  auto file = service.storage->open_layer(id);
  if (!file) {
    return error_response(404, k_not_found);
  }
  const auto tag = entity_tag(service.storage->checksums(id), "layer");
  if (is_not_modified(call.request, tag)) {
    return not_modified_response(tag);
  }
  auto range = parse_range(call.request.header("Range"), file->size_bytes);
  if (const auto condition = call.request.header("If-Range"); condition && *condition != tag) {
    range = {ByteRange::Kind::whole, 0, file->size_bytes};
  }
  Response response;
  response.headers = {{"Content-Type", k_bytes}, {"Accept-Ranges", "bytes"}};
  make_cacheable(response, tag);
  const auto size = std::to_string(file->size_bytes);
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
  if (range.size_bytes > 0) {
    response.file = FilePart{std::move(file->fd), range.first, range.size_bytes};
  }
  return response;
}

Response get_image_ancestry(Call& call) {
  if (auto refusal = refuse_incomplete(call)) {
    if (call.service.mirror && is_v1_id(call.target.id)) {
      if (auto ids = call.service.mirror->ancestry(call.target.id)) {
        return fixed_response(print_ids(*ids), "");
      }
    }
    return std::move(*refusal);
  }
  const auto ids = call.service.storage->chain(call.target.id);
  return ids ? fixed_response(print_ids(*ids), "") : error_response(404, k_broken_chain);
}

Response put_image_json(Call& call) {
  const auto& id = call.target.id;
  auto& storage = *call.service.storage;
  auto document = find_json(call.body);
  if (!document || !document->is_object()) {
    return error_response(400, "Invalid JSON");
  }
  const auto* named = find_member(*document, "id");
  if (named == nullptr) {
    return error_response(400, "Missing key `id' in JSON");
  }
  if (!named->is_string() || named->get<std::string>() != id) {
    return error_response(400, "JSON data contains invalid id");
  }
  if (!is_v1_id(id)) {
    return error_response(404, "Invalid image ID");
  }
  V1ImageInfo info;
  try {
    info = parse_v1_image(call.body);
  } catch (const Error& error) {
    return error_response(400, error.message());
  }
  document.reset();
  if (call.turn) {
    call.turn.unlock();
  }
  if (storage.image_state(id) == ImageState::complete) {
    return error_response(409, "Image already exists");
  }
  if (info.parent && !storage.image_json(*info.parent) &&
      !(call.service.mirror && call.service.mirror->adopt(*info.parent))) {
    return error_response(400, "Image depends on a non existing parent");
  }
  const auto writer = storage.write_image(id, k_writer_patience);
  if (!writer) {
    return error_response(409, "Image is being uploaded by another client");
  }
  if (writer->state() == ImageState::complete) { // by whom we waited for
    return error_response(409, "Image already exists");
  }
  if (!writer->put_json(std::string(call.body))) {
    return error_response(400, "Image depends on a non existing parent");
  }
  return json_response("true");
}

Response put_image_checksum(Call& call) {
  auto& storage = *call.service.storage;
  const auto& id = call.target.id;
  const auto checksum = call.request.header("X-Docker-Checksum-Payload");
  if (!checksum) {
    return error_response(412, "X-Docker-Checksum-Payload not set.  If you are using the Docker "
                               "daemon, you should upgrade to version 0.10 or later");
  }
  if (checksum->empty()) {
    return error_response(400, "Missing Image's checksum");
  }
  if (storage.image_state(id) == ImageState::absent) {
    return error_response(404, k_not_found);
  }
  const auto writer = storage.write_image(id, k_writer_patience);
  if (!writer) {
    return error_response(409, "Image is being uploaded by another client");
  }
  if (writer->state() == ImageState::complete) {
    return call.service.pending.take(id, *checksum)
               ? json_response("true")
               : error_response(409, "Cannot set this image checksum");
  }
  if (!storage.open_layer(id)) {
    return error_response(400, "The image's layer has to come before its checksum");
  }
  if (!writer->is_right(*checksum)) {
    return error_response(400, "Checksum mismatch");
  }
  writer->complete();
  call.service.pending.take(id, *checksum);
  return json_response("true");
}

namespace {

/// A layer on its way to the disk. While it lasts nobody else writes the image.
class LayerUpload final : public Handler {
public:
  LayerUpload(Service& service, std::string id, std::unique_ptr<V1Storage::ImageWriter> writer,
              std::unique_ptr<V1Storage::ImageWriter::Layer> layer)
      : service_(service), id_(std::move(id)), writer_(std::move(writer)),
        layer_(std::move(layer)) {}

  [[nodiscard]] bool wants_body() const override { return true; }
  void receive(std::span<const std::byte> bytes) override { layer_->write(bytes); }

  Response answer() override {
    service_.pending.add(id_, layer_->commit());
    return json_response("true");
  }

private:
  Service& service_;
  std::string id_;
  std::unique_ptr<V1Storage::ImageWriter> writer_;
  std::unique_ptr<V1Storage::ImageWriter::Layer> layer_; // goes before its writer
};

class Refusal final : public Handler {
public:
  explicit Refusal(Response response) : response_(std::move(response)) {}
  Response answer() override { return std::move(response_); }

private:
  Response response_;
};

std::unique_ptr<Handler> refuse(int status, const char* text) {
  return std::make_unique<Refusal>(error_response(status, text));
}

/// A layer that cannot fit is refused before it is sent.
void check_room(const V1Storage& storage, std::uint64_t wanted_bytes) {
  const auto free_bytes = storage.free_bytes();
  if (free_bytes && wanted_bytes > *free_bytes) {
    throw Error(ErrorKind::local_io,
                "there is no room for a layer of " + std::to_string(wanted_bytes) + " bytes: '" +
                    storage.folder() + "' has " + std::to_string(*free_bytes) + " left");
  }
}

} // namespace

std::unique_ptr<Handler> receive_layer(Service& service, const Request& request,
                                       const Target& target) {
  auto& storage = *service.storage;
  const auto state = storage.image_state(target.id);
  if (state == ImageState::absent) {
    return refuse(404, k_not_found);
  }
  if (state == ImageState::complete) {
    return refuse(409, "Image already exists");
  }
  check_room(storage, request.body_bytes().value_or(0));
  auto writer = storage.write_image(target.id, k_writer_patience);
  if (!writer) {
    return refuse(409, "Image is being uploaded by another client");
  }
  if (writer->state() == ImageState::complete) {
    return refuse(409, "Image already exists");
  }
  auto layer = writer->start_layer();
  if (!layer) {
    return refuse(404, k_not_found);
  }
  return std::make_unique<LayerUpload>(service, target.id, std::move(writer), std::move(layer));
}

} // namespace regctl::server
