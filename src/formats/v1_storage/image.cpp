// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/open_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
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

const std::string k_mark = "_inprogress";
const std::string k_layer = "layer";
constexpr std::string_view k_upload_mark = "true"; // as docker-registry writes it

/// What may be there of an upload that was not looked at.
constexpr ImageMemory::Upload k_everything{true, true, true};

ImageMemory::Upload upload_of(const FolderView& image) {
  return {image.has_file("json"), image.has_file("layer"), image.has_file("_checksum")};
}

/// Waits up to `patience` while another process that has marked the image may be at work, and takes
/// over its upload if it was left. `seen` then is what is there; false if the other one goes on.
bool settle_upload(const StorageTree& tree, ImageMemory& memory, const std::string& id,
                   std::unique_ptr<FolderView>& seen, StorageFolder& folder,
                   std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds k_pause = std::chrono::seconds(1); // each try costs requests
  const auto end = std::chrono::steady_clock::now() + patience;
  while (seen->has_file(k_mark)) {
    if (folder.claim(k_mark)) {
      memory.put_upload(id, upload_of(*seen));
      return true;
    }
    if (std::chrono::steady_clock::now() >= end) {
      return false;
    }
    interruptible_sleep_ms(std::min(k_pause, patience).count());
    seen = tree.view(image_folder(id)); // the other one may have completed it
  }
  return true;
}

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

std::unique_ptr<V1Storage::ImageWriter> V1Storage::write_image(const std::string& id,
                                                               std::chrono::milliseconds patience) {
  if (!is_v1_id(id)) {
    throw Error(ErrorKind::protocol, "'" + id + "' is no image ID");
  }
  lock_for_writing();
  auto folder = open_->tree->lease(image_folder(id), Sharing::exclusive, patience);
  if (!folder) {
    return nullptr;
  }
  std::unique_ptr<FolderView> seen;
  if (open_->memory.is_on() && !open_->memory.find_upload(id)) {
    seen = open_->tree->view(image_folder(id));
    if (!settle_upload(*open_->tree, open_->memory, id, seen, *folder, patience)) {
      return nullptr;
    }
  }
  return std::unique_ptr<ImageWriter>(
      new ImageWriter(*this, id, std::move(folder), std::move(seen)));
}

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

V1Storage::ImageWriter::ImageWriter(V1Storage& storage, std::string id,
                                    std::unique_ptr<StorageFolder> folder,
                                    std::unique_ptr<FolderView> seen)
    : storage_(storage), id_(std::move(id)), folder_(std::move(folder)), seen_(std::move(seen)) {}

V1Storage::ImageWriter::~ImageWriter() = default;

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

bool V1Storage::ImageWriter::put_json(const std::string& json) {
  const auto info = parse_v1_image(json);
  if (info.id != id_) {
    throw Error(ErrorKind::protocol, "the JSON of image " + id_ + " is that of image " + info.id);
  }
  const auto ids = chain_above(info.parent);
  if (!ids) {
    return false;
  }
  mark();
  if (this->json() != json) {
    forget_checksum();
    put_part("json", json);
    storage_.open_->memory.add_part(id_, &ImageMemory::Upload::has_json);
  }
  put_ancestry(*ids);
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

void V1Storage::ImageWriter::complete() {
  settle_ancestry();
  folder_->sync(); // the image's files, before it becomes complete
  folder_->discard(k_mark);
  folder_->sync();
  storage_.open_->memory.complete_upload(id_);
}

bool V1Storage::ImageWriter::claim() {
  if (!storage_.open_->memory.is_on()) {
    return true;
  }
  was_marked_ = !seen_ || seen_->has_file(k_mark); // not looked at: an upload that is known
  return try_to_mark();
}

void V1Storage::ImageWriter::release() {
  if (storage_.open_->memory.is_on() && !was_marked_ && !has_written_) {
    folder_->discard(k_mark);
    storage_.open_->memory.forget(id_);
  }
}

/// Marks the upload. The mark comes first, because JSON and layer without a mark are a complete
/// image. Files of killed writers are removed: they would prevent the folder's removal.
bool V1Storage::ImageWriter::try_to_mark() {
  if (storage_.open_->memory.find_upload(id_)) {
    return true; // the mark is there
  }
  folder_->remove_unfinished();
  if (!folder_->claim(k_mark)) {
    return false;
  }
  storage_.open_->memory.put_upload(id_, seen_ ? upload_of(*seen_) : k_everything);
  return true;
}

void V1Storage::ImageWriter::mark() {
  if (!try_to_mark()) {
    throw Error(ErrorKind::unavailable,
                "another process has just begun to upload image " + short_id(id_),
                "try again when it is done");
  }
}

void V1Storage::ImageWriter::start_over() {
  storage_.open_->memory.forget(id_);
  mark();
  folder_->sync();
}

/// During a long upload: other processes take over a mark that has grown old.
void V1Storage::ImageWriter::keep_mark_young() {
  auto& memory = storage_.open_->memory;
  if (!memory.is_on() || memory.find_upload(id_)) {
    return;
  }
  if (!folder_->claim(k_mark)) {
    throw Error(ErrorKind::unavailable,
                "another process has taken over the upload of image " + short_id(id_));
  }
  memory.put_upload(id_, k_everything);
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

void V1Storage::ImageWriter::condemn() {
  was_marked_ = seen_ ? seen_->has_file(k_mark) : storage_.is_marked(id_);
  storage_.open_->memory.forget(id_);
  // The mark gets its name and text in one step, because an empty mark would be that of an upload.
  folder_->put_signed_mark(k_mark, k_removal_mark);
  is_condemned_ = true;
}

void V1Storage::ImageWriter::reprieve() {
  if (was_marked_) {
    folder_->put(k_mark, k_upload_mark);
  } else {
    folder_->discard(k_mark);
  }
  folder_->sync();
  is_condemned_ = false;
}

bool V1Storage::ImageWriter::remove() {
  if (!is_condemned_) {
    condemn();
  } else if (!storage_.is_remnant(id_)) {
    return false;
  }
  auto names = folder_->names();
  // The JSON is removed late and the mark last: an interruption leaves a dead upload.
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != "json"; });
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != k_mark; });
  for (const auto& name : names) {
    if (name == k_mark) { // the disk must not reorder the removals
      folder_->sync();
    }
    folder_->discard(name);
  }
  storage_.open_->tree->remove_folder(image_folder(id_));
  return true;
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
