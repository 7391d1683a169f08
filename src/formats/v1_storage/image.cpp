// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/open_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/chain.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace regctl {

namespace {

std::string json_list(const std::vector<std::string>& texts) {
  std::string list = "["; // as Python prints it
  for (const auto& text : texts) {
    list += (list.size() > 1 ? ", " : "") + json_quote(text);
  }
  return list + "]";
}

constexpr auto k_bytes = Durability::bytes_only; // complete() makes all names durable together

const std::string k_layer = "layer";

/// The contents of an image's JSON; nothing if it is missing or malformed.
std::optional<V1ImageInfo> read_info(const V1Storage& storage, const std::string& id) {
  const auto json = storage.image_json(id);
  try {
    return json ? std::optional(parse_v1_image(*json)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

} // namespace

std::optional<std::vector<std::string>> V1Storage::chain(const std::string& id) const {
  std::vector<std::string> ids;
  std::set<std::string> seen; // so that a loop is read only once
  bool is_whole = true;
  const bool has_end = walk_parents(id, [&](const std::string& next) {
    const auto image = seen.insert(next).second ? read_info(*this, next) : std::nullopt;
    is_whole = image.has_value();
    ids.push_back(next);
    return is_whole ? image->parent : std::nullopt;
  });
  return is_whole && has_end ? std::optional(std::move(ids)) : std::nullopt;
}

std::optional<std::vector<std::string>> V1Storage::likely_chain(const std::string& id) const {
  const auto image = read_info(*this, id);
  auto recorded = image ? ancestry(id) : std::nullopt;
  const bool is_plausible =
      recorded && recorded->front() == id &&
      (image->parent ? recorded->size() > 1 && (*recorded)[1] == *image->parent
                     : recorded->size() == 1);
  return is_plausible ? std::move(recorded) : chain(id);
}

V1ImageState V1Storage::ImageWriter::state() const {
  const bool is_seen = seen_ && !storage_.open_->memory.find_upload(id_);
  return is_seen ? state_of(*seen_) : storage_.image_state(id_);
}

bool V1Storage::ImageWriter::has_layer() const {
  const auto upload = storage_.open_->memory.find_upload(id_);
  return upload ? upload->has_layer : storage_.open_->tree->has_file(image_file(id_, "layer"));
}

/// The JSON that is stored now.
std::optional<std::string> V1Storage::ImageWriter::json() const {
  const auto upload = storage_.open_->memory.find_upload(id_);
  return upload && !upload->has_json ? std::nullopt : storage_.image_json(id_);
}

V1Storage::ImageWriter::JsonOutcome V1Storage::ImageWriter::put_json(const std::string& json) {
  const auto info = parse_v1_image(json);
  if (info.id != id_) {
    throw Error(ErrorKind::protocol, "the JSON of image " + id_ + " is that of image " + info.id);
  }
  const auto ids = chain_above(info.parent);
  if (!ids) {
    return JsonOutcome::no_parent;
  }
  mark();
  if (this->json() != json && !store_json(json)) {
    return JsonOutcome::overtaken;
  }
  put_ancestry(*ids);
  return JsonOutcome::stored;
}

/// Returns false if another process has completed the image between the look at it and our mark.
/// Noticing that costs no further look: where there was no JSON, it is put on condition that there
/// is none.
bool V1Storage::ImageWriter::store_json(const std::string& json) {
  forget_checksum();
  auto& memory = storage_.open_->memory;
  const auto upload = memory.find_upload(id_);
  if (upload && !upload->has_json) {
    if (folder_->put_if_unchanged("json", json, {})) {
      has_written_ = true;
      memory.put_text(id_, "json", {json, {}});
      memory.add_part(id_, &ImageMemory::Upload::has_json);
      return true;
    }
    if (gives_way()) {
      return false;
    }
    forget_checksum();
  }
  put_part("json", json);
  memory.add_part(id_, &ImageMemory::Upload::has_json);
  return true;
}

/// The image's ID and the chain of its parent; nothing if that chain has a gap or a loop.
std::optional<std::vector<std::string>>
V1Storage::ImageWriter::chain_above(const std::optional<std::string>& parent) const {
  std::vector<std::string> ids{id_};
  if (parent) {
    const auto below = storage_.likely_chain(*parent);
    if (!below || std::find(below->begin(), below->end(), id_) != below->end()) {
      return std::nullopt;
    }
    ids.insert(ids.end(), below->begin(), below->end());
  }
  return ids;
}

/// Records the ancestry again. A parent's JSON may have been damaged in transit and sent again
/// since, with another parent. The ancestry is certain only now, when all parents are complete.
void V1Storage::ImageWriter::settle_ancestry() {
  const auto json = storage_.image_json(id_);
  const auto ids = json ? chain_above(parse_v1_image(*json).parent) : std::nullopt;
  if (ids && ids != storage_.ancestry(id_)) {
    put_ancestry(*ids);
  }
}

V1Storage::ImageWriter::Layer::Layer(ImageWriter& writer, std::unique_ptr<StorageUpload> upload,
                                     const std::string& json)
    : writer_(writer), upload_(std::move(upload)) {
  payload_.update(payload_prefix(json));
}

V1Storage::ImageWriter::Layer::~Layer() = default;

void V1Storage::ImageWriter::Layer::write(std::span<const std::byte> bytes) {
  writer_.keep_mark_young();
  payload_.update(bytes);
  if (upload_) {
    upload_->write(bytes);
  }
  size_bytes_ += bytes.size();
}

std::uint64_t V1Storage::ImageWriter::Layer::size_bytes() const noexcept {
  return size_bytes_;
}

OpenSource V1Storage::ImageWriter::Layer::written_bytes() const {
  return upload_ ? upload_->written_bytes() : OpenSource();
}

bool V1Storage::ImageWriter::Layer::copy_from(std::shared_ptr<const StoredFile> file) {
  if (!writer_.folder_->can_copy(*file)) {
    return false;
  }
  copied_ = std::move(file);
  upload_.reset();
  return true;
}

std::string V1Storage::ImageWriter::Layer::commit() {
  auto sum = to_digest(payload_.finish_hex());
  writer_.hold_mark();
  writer_.forget_checksum();
  if (upload_) {
    upload_->commit(k_bytes);
  } else {
    make_copy();
  }
  record({sum}, size_bytes_);
  return sum;
}

void V1Storage::ImageWriter::Layer::commit_unread(const std::vector<std::string>& sums) {
  writer_.hold_mark();
  writer_.forget_checksum();
  make_copy();
  record(sums, copied_->size_bytes());
}

void V1Storage::ImageWriter::Layer::make_copy() {
  writer_.folder_->copy_file(*copied_, k_layer, [&] { writer_.keep_mark_young(); });
}

void V1Storage::ImageWriter::Layer::record(const std::vector<std::string>& sums,
                                           std::uint64_t size_bytes) {
  writer_.has_written_ = true;
  writer_.storage_.open_->memory.add_layer(writer_.id_, size_bytes);
  if (!sums.empty()) {
    writer_.put_checksums(sums);
  }
}

std::unique_ptr<V1Storage::ImageWriter::Layer> V1Storage::ImageWriter::start_layer() {
  const auto json = this->json();
  return json ? std::unique_ptr<Layer>(new Layer(*this, folder_->start_upload(k_layer), *json))
              : nullptr;
}

bool V1Storage::ImageWriter::is_right(const std::string& checksum) const {
  const auto sums = storage_.checksums(id_);
  return std::find(sums.begin(), sums.end(), checksum) != sums.end();
}

/// Removes the checksum before JSON or layer change, so that a recorded checksum always belongs to
/// the files beside it, even after an interruption.
void V1Storage::ImageWriter::forget_checksum() {
  const auto upload = storage_.open_->memory.find_upload(id_);
  if (upload && !upload->has_checksum) {
    return;
  }
  has_written_ = true;
  if (folder_->remove("_checksum")) {
    folder_->sync();
  }
  storage_.open_->memory.forget_text(id_, "_checksum");
}

void V1Storage::ImageWriter::put_ancestry(const std::vector<std::string>& ids) {
  put_part("ancestry", json_list(ids));
}

void V1Storage::ImageWriter::put_checksums(const std::vector<std::string>& sums) {
  put_part("_checksum", json_list(sums));
  storage_.open_->memory.add_part(id_, &ImageMemory::Upload::has_checksum);
}

void V1Storage::ImageWriter::put_part(const std::string& part, const std::string& text) {
  has_written_ = true;
  folder_->put(part, text, k_bytes);
  storage_.open_->memory.put_text(id_, part, {text, {}});
}

} // namespace regctl
