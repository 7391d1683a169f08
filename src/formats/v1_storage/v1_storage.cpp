// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_tree.hpp"
#include "formats/v1_storage/open_tree.hpp"
#include "formats/v1_storage/place.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/chain.hpp>

#include <filesystem>

namespace regctl {

namespace {

constexpr std::uint64_t k_small_limit_bytes = 64 * 1024; // checksums, tags, marks
constexpr std::chrono::milliseconds k_at_once{0};

} // namespace

std::string image_folder(const std::string& id) {
  return "images/" + id;
}

std::string image_file(const std::string& id, std::string_view part) {
  return image_folder(id) + "/" + std::string(part);
}

V1Storage::V1Storage(std::unique_ptr<StorageTree> tree)
    : open_(std::make_unique<OpenTree>(std::move(tree))) {}

V1Storage::~V1Storage() = default;

std::shared_ptr<V1Storage> V1Storage::open(const std::string& folder, Missing missing) {
  std::error_code error;
  if (std::filesystem::is_regular_file(folder, error)) {
    throw Error(ErrorKind::protocol,
                "'" + folder + "' is a file, not the folder of a storage tree");
  }
  if (const auto misplaced = find_misplaced(folder)) {
    throw Error(ErrorKind::protocol, "'" + folder + "' " + misplaced->what,
                misplaced->tree ? "the tree seems to be '" + misplaced->tree->string() + "'"
                                : "it should have the folders images and repositories");
  }
  if (missing == Missing::create) {
    std::filesystem::create_directories(folder, error);
    if (error) {
      throw_errno("create '" + folder + "'", error.value());
    }
  }
  auto tree = std::make_unique<LocalTree>(folder);
  if (missing == Missing::error && !tree->has("images") && !tree->has("repositories")) {
    throw Error(ErrorKind::not_found, "'" + folder + "' is empty: no storage tree");
  }
  return std::shared_ptr<V1Storage>(new V1Storage(std::move(tree)));
}

const std::string& V1Storage::folder() const noexcept {
  return open_->tree->location();
}

V1Storage::ImageState V1Storage::image_state(const std::string& id) const {
  const auto& tree = *open_->tree;
  if (!is_v1_id(id) || !tree.has(image_file(id, "json"))) {
    return ImageState::absent;
  }
  const bool is_complete =
      !tree.has(image_file(id, "_inprogress")) && tree.has(image_file(id, "layer"));
  return is_complete ? ImageState::complete : ImageState::in_progress;
}

std::optional<V1Image> V1Storage::find_image(const std::string& id) const {
  if (!is_v1_id(id) || open_->tree->has(image_file(id, "_inprogress"))) {
    return std::nullopt;
  }
  auto json = image_json(id);
  const auto layer = open_layer(id);
  if (!json || !layer) {
    return std::nullopt;
  }
  return V1Image{id, std::move(*json), layer->size_bytes(), checksums(id), {}};
}

std::optional<std::string> V1Storage::image_json(const std::string& id) const {
  return read_part(id, "json", k_document_limit_bytes);
}

/// A small file of an image. Nothing if `id` is not an ID, because it could then name another place
/// in the tree.
std::optional<std::string> V1Storage::read_part(const std::string& id, std::string_view part,
                                                std::uint64_t limit_bytes) const {
  return is_v1_id(id) ? open_->tree->read(image_file(id, part), limit_bytes) : std::nullopt;
}

std::optional<std::vector<std::string>> V1Storage::ancestry(const std::string& id) const {
  const auto text = read_part(id, "ancestry", k_document_limit_bytes);
  const auto document = find_json(text.value_or(""));
  if (!document || !document->is_array() || document->empty() || document->size() > k_max_chain) {
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (const auto& member : *document) {
    if (!member.is_string() || !is_v1_id(member.get_ref<const std::string&>())) {
      return std::nullopt;
    }
    ids.push_back(member.get<std::string>());
  }
  return ids;
}

std::vector<std::string> V1Storage::checksums(const std::string& id) const {
  const auto text = read_part(id, "_checksum", k_small_limit_bytes).value_or("");
  if (!text.starts_with('[')) {
    const auto end = text.find_last_not_of(" \r\n");
    return end == std::string::npos ? std::vector<std::string>()
                                    : std::vector<std::string>{text.substr(0, end + 1)};
  }
  std::vector<std::string> sums;
  for (const auto& sum : find_json(text).value_or(Json::array())) {
    if (sum.is_string()) {
      sums.push_back(sum.get<std::string>());
    }
  }
  return sums;
}

bool V1Storage::has_old_checksum(const std::string& id) const {
  const auto text =
      open_->tree->read(image_file(id, "_checksum"), k_small_limit_bytes).value_or("");
  return text.find_first_not_of(" \r\n") != std::string::npos && !text.starts_with('[');
}

std::optional<std::chrono::system_clock::time_point>
V1Storage::last_change(const std::string& id) const {
  return is_v1_id(id) ? open_->tree->last_change(image_folder(id)) : std::nullopt;
}

bool V1Storage::is_remnant(const std::string& id) const {
  const auto mark = open_->tree->read(image_file(id, "_inprogress"), k_small_limit_bytes);
  if (mark) {
    return *mark == k_removal_mark;
  }
  bool is_empty = is_v1_id(id) && open_->tree->has(image_folder(id));
  open_->tree->list(image_folder(id), [&](const std::string&) { is_empty = false; });
  return is_empty;
}

bool V1Storage::is_marked(const std::string& id) const {
  return is_v1_id(id) && open_->tree->has(image_file(id, "_inprogress"));
}

std::unique_ptr<StoredFile> V1Storage::open_layer(const std::string& id) const {
  return is_v1_id(id) ? open_->tree->find_file(image_file(id, "layer")) : nullptr;
}

void V1Storage::for_each_image(const std::function<void(const std::string&)>& on_id) const {
  open_->tree->list("images", [&](const std::string& name) {
    if (is_v1_id(name)) {
      on_id(name);
    }
  });
}

void V1Storage::for_each_unfinished(
    const std::function<void(const UnfinishedFile&)>& on_file) const {
  constexpr std::size_t k_id_at = std::string_view("images/").size();
  open_->tree->for_each_unfinished("images", 1, [&](const UnfinishedFile& file) {
    if (is_v1_id(file.path.substr(k_id_at, file.path.rfind('/') - k_id_at))) {
      on_file(file);
    }
  });
  open_->tree->for_each_unfinished("repositories", 2, on_file);
}

void V1Storage::remove_unfinished(const UnfinishedFile& file) {
  lock_for_writing();
  open_->tree->remove_unfinished(file);
}

std::optional<std::uint64_t> V1Storage::free_bytes() const {
  return open_->tree->free_bytes();
}

// Writers share a lease of the folder images/; a garbage collection has it exclusively.

void V1Storage::lock_for_writing() {
  const std::lock_guard lock(open_->mutex);
  if (open_->writing) {
    return;
  }
  static_cast<void>(open_->tree->make_folder("repositories"));
  auto lease = open_->tree->lease("images", Sharing::shared, k_at_once);
  if (!lease) {
    throw Error(ErrorKind::unavailable,
                "the storage tree '" + this->folder() + "' is being cleaned up by another process",
                "try again when it is done");
  }
  open_->writing = std::move(lease);
}

std::unique_ptr<V1Storage::Exclusive> V1Storage::lock_exclusively() {
  const std::lock_guard lock(open_->mutex);
  open_->writing.reset();
  // Kept in `writing`, so that this process can still write.
  open_->writing = open_->tree->lease("images", Sharing::exclusive, k_at_once);
  return open_->writing ? std::unique_ptr<Exclusive>(new Exclusive(shared_from_this())) : nullptr;
}

V1Storage::Exclusive::~Exclusive() {
  const std::lock_guard lock(storage_->open_->mutex);
  storage_->open_->writing.reset();
}

} // namespace regctl
