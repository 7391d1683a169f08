// SPDX-License-Identifier: Apache-2.0
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"
#include "server/v1/images.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/image.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

constexpr auto k_exists = "Image already exists";
constexpr auto k_is_uploaded = "Image is being uploaded by another client";
constexpr auto k_replaced =
    "Another client has replaced what was uploaded of this image: push it again";

/// Opens an image for writing, like V1Storage::write_image(), and waits as long as the client does.
/// Null after k_writer_patience.
std::unique_ptr<V1Storage::ImageWriter> take_writer(Service& service, const Request& request,
                                                    const std::string& id) {
  const auto end = std::chrono::steady_clock::now() + k_writer_patience;
  for (;;) {
    auto writer = service.storage->write_image(id, k_glance);
    if (writer || std::chrono::steady_clock::now() >= end) {
      return writer;
    }
    request.check_wanted();
  }
}

} // namespace

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
  document.reset(); // frees memory: the body is parsed again below
  V1ImageInfo info;
  try {
    info = parse_v1_image(call.body);
  } catch (const Error& error) {
    return error_response(400, error.message());
  }
  call.share.end();
  if (info.parent && storage.image_state(*info.parent) == V1ImageState::absent) {
    if (auto problem = adopt(call, *info.parent,
                             error_response(400, "Image depends on a non existing parent"))) {
      return std::move(*problem);
    }
  }
  std::unique_ptr<V1Storage::ImageWriter> writer;
  do {
    writer.reset(); // what it holds would keep out the next one
    writer = take_writer(call.service, call.request, id);
    if (!writer) {
      return error_response(409, k_is_uploaded);
    }
    if (writer->state() == V1ImageState::complete) { // another client has completed it meanwhile
      return error_response(409, k_exists);
    }
  } while (!writer->claim()); // another process was faster
  switch (writer->put_json(std::string(call.body))) {
  case V1Storage::ImageWriter::JsonOutcome::no_parent:
    return error_response(400, "Image depends on a non existing parent");
  case V1Storage::ImageWriter::JsonOutcome::overtaken:
    return error_response(409, k_exists);
  case V1Storage::ImageWriter::JsonOutcome::stored:
    break;
  }
  call.service.uploads.take_json(id);
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
  if (storage.image_state(id) == V1ImageState::absent) {
    return error_response(404, k_no_image);
  }
  const auto writer = take_writer(call.service, call.request, id);
  if (!writer) {
    return error_response(409, k_is_uploaded);
  }
  const bool was_owed = call.service.uploads.take_checksum(id, *checksum);
  const bool is_right = writer->is_right(*checksum);
  if (writer->state() == V1ImageState::complete) {
    return was_owed && is_right
               ? json_response("true")
               : error_response(409, was_owed ? k_replaced : "Cannot set this image checksum");
  }
  if (!writer->has_layer()) {
    return error_response(400, "The image's layer has to come before its checksum");
  }
  if (!is_right) {
    return error_response(400, "Checksum mismatch");
  }
  writer->complete();
  return json_response("true");
}

namespace {

/// A layer that is being written to the disk. Until its end no other client can write the image.
class LayerUpload final : public Handler {
public:
  LayerUpload(Service& service, std::string id, std::unique_ptr<V1Storage::ImageWriter> writer,
              std::unique_ptr<V1Storage::ImageWriter::Layer> layer)
      : service_(service), id_(std::move(id)), writer_(std::move(writer)),
        layer_(std::move(layer)) {}

  [[nodiscard]] bool wants_body() const override { return true; }
  void receive(std::span<const std::byte> bytes) override { layer_->write(bytes); }

  Response answer() override {
    service_.uploads.take_layer(id_, layer_->commit());
    return json_response("true");
  }

private:
  Service& service_;
  std::string id_;
  std::unique_ptr<V1Storage::ImageWriter> writer_;
  std::unique_ptr<V1Storage::ImageWriter::Layer> layer_; // destroyed before its writer
};

/// A layer of an image that another client has completed since this client sent the JSON. It is
/// compared with the stored one and not kept.
class LayerComparison final : public Handler {
public:
  LayerComparison(Service& service, std::string id, const std::string& json,
                  std::uint64_t stored_bytes)
      : service_(service), id_(std::move(id)), left_bytes_(stored_bytes) {
    payload_.update(payload_prefix(json));
  }

  [[nodiscard]] bool wants_body() const override { return !is_longer_; }

  void receive(std::span<const std::byte> bytes) override {
    is_longer_ = bytes.size() > left_bytes_;
    if (!is_longer_) {
      left_bytes_ -= bytes.size();
      payload_.update(bytes);
    }
  }

  Response answer() override {
    const auto sum = to_digest(payload_.finish_hex());
    const auto stored = service_.storage->checksums(id_);
    if (is_longer_ || std::find(stored.begin(), stored.end(), sum) == stored.end()) {
      return error_response(409, k_exists);
    }
    service_.uploads.take_layer(id_, sum);
    return json_response("true");
  }

private:
  Service& service_;
  std::string id_;
  Sha256 payload_;
  std::uint64_t left_bytes_;
  bool is_longer_ = false;
};

std::unique_ptr<Handler> refuse(int status, const char* text) {
  return make_ready(error_response(status, text));
}

/// Refuses a layer that does not fit on the disk before it is sent.
void check_room(const V1Storage& storage, std::uint64_t wanted_bytes) {
  const auto free_bytes = storage.free_bytes();
  if (free_bytes && wanted_bytes > *free_bytes) {
    throw Error(ErrorKind::local_io,
                "there is no room for a layer of " + std::to_string(wanted_bytes) + " bytes: '" +
                    storage.location() + "' has " + std::to_string(*free_bytes) + " left");
  }
}

std::unique_ptr<Handler> receive_again(Service& service, const Request& request,
                                       const std::string& id) {
  const auto json = service.storage->image_json(id);
  const auto layer = service.storage->open_layer(id);
  const bool is_comparable =
      service.uploads.is_layer_owed(id) && json && layer &&
      request.body_bytes().value_or(layer->size_bytes()) == layer->size_bytes();
  if (!is_comparable) {
    return refuse(409, k_exists);
  }
  return std::make_unique<LayerComparison>(service, id, *json, layer->size_bytes());
}

} // namespace

std::unique_ptr<Handler> receive_layer(Service& service, const Request& request,
                                       const Target& target) {
  auto& storage = *service.storage;
  const auto state = storage.image_state(target.id);
  if (state == V1ImageState::absent) {
    return refuse(404, k_no_image);
  }
  if (state == V1ImageState::complete) {
    return receive_again(service, request, target.id);
  }
  check_room(storage, request.body_bytes().value_or(0));
  auto writer = take_writer(service, request, target.id);
  if (!writer) {
    return refuse(409, k_is_uploaded);
  }
  if (writer->state() == V1ImageState::complete) {
    return receive_again(service, request, target.id);
  }
  auto layer = writer->start_layer();
  if (!layer) {
    return refuse(404, k_no_image);
  }
  return std::make_unique<LayerUpload>(service, target.id, std::move(writer), std::move(layer));
}

} // namespace regctl::server
