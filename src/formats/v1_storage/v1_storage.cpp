// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_tree.hpp"
#include "formats/v1_storage/open_tree.hpp"
#include "formats/v1_storage/place.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/v1/chain.hpp>

#include <algorithm>
#include <utility>

namespace regctl {

namespace {

constexpr std::uint64_t k_small_limit_bytes = 64 * 1024; // checksums, tags, marks
constexpr std::chrono::milliseconds k_at_once{0};

bool is_tree(const StorageTree& tree) {
  return tree.has_folder("images") || tree.has_folder("repositories");
}

/// A signature may follow the mark's word.
bool is_removal_mark(const std::optional<std::string>& text) {
  return text && text->substr(0, text->find('\n')) == k_removal_mark;
}

/// Throws Error{protocol} for a place that is no tree, and has something else.
void refuse_misplaced(const StorageTree& tree) {
  std::vector<std::string> names;
  tree.list("", [&](const std::string& name) { names.push_back(name); });
  if (names.empty() || is_tree(tree)) { // another process may have begun one since it was looked at
    return;
  }
  constexpr std::size_t k_most_looks = 100;
  names.resize(std::min(names.size(), k_most_looks));
  for (const auto& name : names) {
    if (tree.has_folder(name + "/images") && tree.has_folder(name + "/repositories")) {
      throw Error(ErrorKind::protocol, tree.location() + " is no storage tree of a registry",
                  "the tree seems to be " + tree.location() + "/" + name);
    }
  }
  throw Error(ErrorKind::protocol,
              tree.location() + (tree.has_folder(std::string(v2_paths::k_root))
                                     ? " is the storage of a registry of protocol v2"
                                     : " is no storage tree of a registry"),
              "it should have the folders images and repositories");
}

/// Whether a file of checksums has one bare string, as those of old trees, and no JSON list.
bool is_bare_checksum(const std::string& text) {
  return !text.starts_with('[') && text.find_last_not_of(" \r\n") != std::string::npos;
}

std::vector<std::string> parse_checksums(const std::string& text) {
  if (is_bare_checksum(text)) {
    return {text.substr(0, text.find_last_not_of(" \r\n") + 1)};
  }
  std::vector<std::string> sums;
  for (const auto& sum : find_json(text).value_or(Json::array())) {
    if (sum.is_string()) {
      sums.push_back(sum.get<std::string>());
    }
  }
  return sums;
}

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
  refuse_file(folder);
  if (const auto misplaced = find_misplaced(folder)) {
    throw Error(ErrorKind::protocol, "'" + folder + "' " + misplaced->what,
                misplaced->tree ? "the tree seems to be '" + misplaced->tree->string() + "'"
                                : "it should have the folders images and repositories");
  }
  auto tree = open_local_tree(folder, missing);
  if (missing == Missing::error && !is_tree(*tree)) {
    throw Error(ErrorKind::not_found, "'" + folder + "' is empty: no storage tree");
  }
  return std::shared_ptr<V1Storage>(new V1Storage(std::move(tree)));
}

std::shared_ptr<V1Storage> V1Storage::open(std::unique_ptr<StorageTree> tree, Missing missing) {
  if (!is_tree(*tree)) {
    refuse_misplaced(*tree);
    if (missing == Missing::error) {
      throw Error(ErrorKind::not_found, "there is no storage tree at " + tree->location());
    }
  }
  return std::shared_ptr<V1Storage>(new V1Storage(std::move(tree)));
}

const std::string& V1Storage::location() const noexcept {
  return open_->tree->location();
}

V1ImageState state_of(const FolderView& image) {
  if (!image.has_file("json")) {
    return V1ImageState::absent;
  }
  const bool is_complete = !image.has_file("_inprogress") && image.has_file("layer");
  return is_complete ? V1ImageState::complete : V1ImageState::in_progress;
}

V1ImageState V1Storage::image_state(const std::string& id) const {
  if (!is_v1_id(id)) {
    return V1ImageState::absent;
  }
  if (const auto whole = open_->memory.find_whole(id); whole && whole->is_own) {
    return V1ImageState::complete;
  }
  if (const auto upload = open_->memory.find_upload(id)) {
    return upload->has_json ? V1ImageState::in_progress : V1ImageState::absent;
  }
  return state_of(*open_->tree->view(image_folder(id)));
}

/// What was found of an image: it is complete if there is a layer and no mark, and its JSON can be
/// read.
struct V1Storage::Known {
  std::unique_ptr<StoredFile> layer;
  bool is_marked = false;
  std::unique_ptr<FolderView> seen; ///< null if the image was not looked at
};

V1Storage::Known V1Storage::look(const std::string& id) const {
  if (const auto whole = open_->memory.find_whole(id)) {
    return {open_->tree->open_known(image_file(id, "layer"), whole->layer_size_bytes,
                                    whole->layer_version),
            false, nullptr};
  }
  if (const auto listed = open_->trusted_about(id)) {
    auto known = listed->look(id);
    if (known.layer && (!known.seen || known.seen->has_file("json"))) {
      known.seen = nullptr; // its files may have been replaced since
      return known;
    }
  }
  auto seen = open_->tree->view(image_folder(id));
  if (seen->has_file("_inprogress")) {
    return {nullptr, true, std::move(seen)};
  }
  auto layer = seen->find_file("layer");
  if (layer && open_->memory.is_on() && seen->has_file("json")) {
    open_->memory.put_whole(id, {layer->size_bytes(), layer->version(), false});
  }
  return {std::move(layer), false, std::move(seen)};
}

std::optional<V1Image> V1Storage::find_image(const std::string& id) const {
  return look_up(id).image;
}

V1Storage::Found V1Storage::look_up(const std::string& id) const {
  if (!is_v1_id(id)) {
    return {};
  }
  const auto known = look(id);
  const auto read = [&](const char* part, std::uint64_t limit_bytes) {
    return known.seen ? read_part(*known.seen, id, part, limit_bytes)
                      : read_part(id, part, limit_bytes);
  };
  if (known.is_marked || !known.layer) {
    return {std::nullopt, known.is_marked};
  }
  auto json = read("json", k_document_limit_bytes);
  if (!json && !known.seen) { // removed since it was looked at
    look_again(id);
    return look_up(id);
  }
  if (!json) {
    return {};
  }
  const auto sums = read("_checksum", k_small_limit_bytes).value_or("");
  return {V1Image{id,
                  std::move(*json),
                  known.layer->size_bytes(),
                  parse_checksums(sums),
                  {},
                  is_bare_checksum(sums)},
          false};
}

std::optional<V1Storage::StoredLayer> V1Storage::find_layer(const std::string& id) const {
  if (!is_v1_id(id)) {
    return std::nullopt;
  }
  auto known = look(id);
  if (!known.layer || known.is_marked || (known.seen && !known.seen->has_file("json"))) {
    return std::nullopt;
  }
  auto sums = known.seen
                  ? parse_checksums(
                        read_part(*known.seen, id, "_checksum", k_small_limit_bytes).value_or(""))
                  : checksums(id);
  return StoredLayer{std::move(known.layer), std::move(sums)};
}

void V1Storage::look_again(const std::string& id) const {
  open_->memory.forget(id);
  const std::lock_guard lock(open_->mutex);
  open_->distrusted.insert(id);
}

void V1Storage::trust(std::shared_ptr<const V1Storage> listed) {
  const std::lock_guard lock(open_->mutex);
  open_->trusted = std::move(listed);
  open_->distrusted = LimitedSet(k_most_distrusted);
}

std::optional<std::string> V1Storage::image_json(const std::string& id) const {
  return read_part(id, "json", k_document_limit_bytes);
}

/// A small file of an image. Nothing if `id` is not an ID, because it could then name another place
/// in the tree.
std::optional<std::string> V1Storage::read_part(const std::string& id, std::string_view part,
                                                std::uint64_t limit_bytes) const {
  if (!is_v1_id(id)) {
    return std::nullopt;
  }
  if (const auto known = open_->memory.find_text(id, part)) {
    return known->content;
  }
  auto content = open_->tree->read(image_file(id, part), limit_bytes);
  if (content && open_->memory.is_on()) {
    open_->memory.put_text(id, part, {*content, {}});
  }
  return content;
}

/// The same of an image that is being looked at.
std::optional<std::string> V1Storage::read_part(const FolderView& image, const std::string& id,
                                                const std::string& part,
                                                std::uint64_t limit_bytes) const {
  if (!open_->memory.is_on()) {
    return image.read(part, limit_bytes);
  }
  const auto file = image.find_file(part);
  if (!file) {
    return std::nullopt;
  }
  const auto known = open_->memory.find_text(id, part);
  const bool is_known =
      known && (known->version.empty() ? known->content.size() == file->size_bytes()
                                       : known->version == file->version());
  if (is_known) {
    return known->content;
  }
  auto content = image.read(part, limit_bytes);
  if (content) {
    open_->memory.put_text(id, part, {*content, file->version()});
  }
  return content;
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
  return parse_checksums(read_part(id, "_checksum", k_small_limit_bytes).value_or(""));
}

bool V1Storage::has_old_checksum(const std::string& id) const {
  const auto text = read_part(id, "_checksum", k_small_limit_bytes).value_or("");
  return text.find_first_not_of(" \r\n") != std::string::npos && !text.starts_with('[');
}

std::optional<std::chrono::system_clock::time_point>
V1Storage::last_change(const std::string& id) const {
  return is_v1_id(id) ? open_->tree->last_change(image_folder(id)) : std::nullopt;
}

bool V1Storage::is_being_removed(const std::string& id) const {
  return is_v1_id(id) &&
         is_removal_mark(open_->tree->read(image_file(id, "_inprogress"), k_small_limit_bytes));
}

bool V1Storage::is_remnant(const std::string& id) const {
  const auto mark = open_->tree->read(image_file(id, "_inprogress"), k_small_limit_bytes);
  if (mark) {
    return is_removal_mark(mark);
  }
  bool is_empty = is_v1_id(id) && open_->tree->has_folder(image_folder(id));
  open_->tree->list(image_folder(id), [&](const std::string&) { is_empty = false; });
  return is_empty;
}

bool V1Storage::is_marked(const std::string& id) const {
  return is_v1_id(id) && open_->tree->has_file(image_file(id, "_inprogress"));
}

std::unique_ptr<StoredFile> V1Storage::open_layer(const std::string& id) const {
  if (const auto whole = open_->memory.find_whole(id)) {
    return open_->tree->open_known(image_file(id, "layer"), whole->layer_size_bytes,
                                   whole->layer_version);
  }
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

std::shared_ptr<const V1Storage> V1Storage::snapshot() const {
  auto tree = open_->tree->snapshot({"repositories", "images"});
  if (!tree) {
    return shared_from_this();
  }
  const std::shared_ptr<const V1Storage> all(new V1Storage(std::move(tree)));
  all->for_each_image([&](const std::string& id) { all->open_->tree->expect_content(id); });
  return all;
}

std::shared_ptr<const V1Storage> V1Storage::snapshot_of_tags() const {
  auto tree = open_->tree->snapshot({"repositories"});
  return tree ? std::shared_ptr<const V1Storage>(new V1Storage(std::move(tree)))
              : shared_from_this();
}

std::chrono::system_clock::time_point V1Storage::now() const {
  return open_->tree->now();
}

bool V1Storage::keeps_out_other_processes() const noexcept {
  return open_->tree->has_leases_among_processes();
}

std::optional<std::uint64_t> V1Storage::free_bytes() const {
  return open_->tree->free_bytes();
}

std::string V1Storage::note_on_removals() const {
  return open_->tree->note_on_removals();
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
                "the storage tree '" + location() + "' is being cleaned up by another process",
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
