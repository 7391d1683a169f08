// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/state.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/chain.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace regctl {

namespace {

constexpr long k_lock_pause_ms = 20;

std::string json_list(const std::vector<std::string>& texts) {
  std::string list = "["; // as Python prints it
  for (const auto& text : texts) {
    list += (list.size() > 1 ? ", " : "") + json_quote(text);
  }
  return list + "]";
}

constexpr auto k_bytes = AtomicFile::Durable::bytes; // complete() makes the names durable, at once

/// What an image's JSON says; nothing if there is none or it says nothing.
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
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto folder = state_->tree->make_folder("images/" + id);
    if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0 && is_still_there(folder)) {
      return std::unique_ptr<ImageWriter>(new ImageWriter(*this, id, std::move(folder)));
    }
    if (std::chrono::steady_clock::now() >= end) {
      return nullptr;
    }
    interruptible_sleep_ms(k_lock_pause_ms);
  }
}

std::optional<std::vector<std::string>> V1Storage::chain(const std::string& id) const {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (std::optional<std::string> next = id; next;) {
    auto image = read_info(*this, *next);
    if (!image || ids.size() == k_max_chain || !seen.insert(*next).second) {
      return std::nullopt;
    }
    ids.push_back(*next);
    next = std::move(image->parent);
  }
  return ids;
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

V1Storage::ImageWriter::ImageWriter(V1Storage& storage, std::string id, FileDescriptor folder)
    : storage_(storage), id_(std::move(id)), folder_(std::move(folder)) {}

V1Storage::ImageWriter::~ImageWriter() = default;

V1Storage::ImageState V1Storage::ImageWriter::state() const {
  return storage_.image_state(id_);
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
  if (storage_.image_json(id_) != json) {
    forget_checksum();
    replace_file(*storage_.state_->tree, "images/" + id_, "json", json, k_bytes);
  }
  put_ancestry(*ids);
  return true;
}

/// The image over the chain of its parent; nothing if that has a gap or a loop.
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

/// A parent whose JSON was damaged on its way has been sent again since, perhaps with another
/// parent than ours saw: only now, when all below is complete, is the ancestry certain.
void V1Storage::ImageWriter::settle_ancestry() {
  const auto json = storage_.image_json(id_);
  const auto ids = json ? chain_above(parse_v1_image(*json).parent) : std::nullopt;
  if (ids && ids != storage_.ancestry(id_)) {
    put_ancestry(*ids);
  }
}

class V1Storage::ImageWriter::Layer::State {
public:
  State(ImageWriter& owner, FileDescriptor folder, std::string what, const std::string& json)
      : writer(owner), file(std::move(folder), "layer", std::move(what)) {
    payload.update(payload_prefix(json));
  }

  ImageWriter& writer;
  AtomicFile file;
  Sha256 payload;
  std::uint64_t size_bytes = 0;
};

V1Storage::ImageWriter::Layer::Layer(std::unique_ptr<State> state) : state_(std::move(state)) {}

V1Storage::ImageWriter::Layer::~Layer() = default;

void V1Storage::ImageWriter::Layer::write(std::span<const std::byte> bytes) {
  state_->payload.update(bytes);
  state_->file.write(bytes);
  state_->size_bytes += bytes.size();
}

std::uint64_t V1Storage::ImageWriter::Layer::size_bytes() const noexcept {
  return state_->size_bytes;
}

int V1Storage::ImageWriter::Layer::fd() const noexcept {
  return state_->file.fd();
}

std::string V1Storage::ImageWriter::Layer::commit() {
  auto sum = to_digest(state_->payload.finish_hex());
  state_->writer.forget_checksum();
  state_->file.commit(k_bytes);
  state_->writer.put_checksums({sum});
  return sum;
}

std::unique_ptr<V1Storage::ImageWriter::Layer> V1Storage::ImageWriter::start_layer() {
  const auto json = storage_.image_json(id_);
  if (!json) {
    return nullptr;
  }
  const auto& tree = *storage_.state_->tree;
  return std::unique_ptr<Layer>(new Layer(std::make_unique<Layer::State>(
      *this, tree.make_folder("images/" + id_), tree.what(image_file(id_, "layer")), *json)));
}

bool V1Storage::ImageWriter::is_right(const std::string& checksum) const {
  const auto sums = storage_.checksums(id_);
  return std::find(sums.begin(), sums.end(), checksum) != sums.end();
}

void V1Storage::ImageWriter::complete() {
  settle_ancestry();
  const auto what = storage_.state_->tree->what("images/" + id_);
  fsync_folder(folder_, what); // all that the image is made of, before it counts
  if (::unlinkat(folder_.get(), "_inprogress", 0) != 0 && errno != ENOENT) {
    throw_errno("remove " + storage_.state_->tree->what(image_file(id_, "_inprogress")), errno);
  }
  fsync_folder(folder_, what);
}

/// The mark counts by being there, and has to be before JSON and layer can make an image without
/// it. What a killed writer left goes: it would keep the folder from being removed.
void V1Storage::ImageWriter::mark() {
  storage_.state_->tree->remove_temporary_files("images/" + id_);
  const auto what = storage_.state_->tree->what(image_file(id_, "_inprogress"));
  const FileDescriptor file(
      ::openat(folder_.get(), "_inprogress",
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
  if (!file) {
    throw_errno("create " + what, errno);
  }
  write_fully(file.get(), as_bytes("true"), what);
  fsync_folder(folder_, what);
}

/// A recorded checksum is always that of the JSON and layer beside it, whatever interrupts us
/// between the files.
void V1Storage::ImageWriter::forget_checksum() {
  if (::unlinkat(folder_.get(), "_checksum", 0) == 0) {
    fsync_folder(folder_, storage_.state_->tree->what("images/" + id_));
  }
}

void V1Storage::ImageWriter::remove() {
  const auto& tree = *storage_.state_->tree;
  const auto folder = "images/" + id_;
  // Nobody's image from here on. At once with its text: an empty mark is that of an upload.
  replace_file(tree, folder, "_inprogress", k_removal_mark);
  std::vector<std::string> names;
  tree.list(
      folder, [&](const std::string& name) { names.push_back(name); }, Tree::Hidden::show);
  // The JSON goes late and the mark last: what an interruption leaves is a dead upload.
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != "json"; });
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != "_inprogress"; });
  for (const auto& name : names) {
    if (name == "_inprogress") { // not before the others on the disk either
      fsync_folder(folder_, tree.what(folder));
    }
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      throw_errno("remove " + tree.what(folder + "/" + name), errno);
    }
  }
  const auto images = tree.make_folder("images");
  if (::unlinkat(images.get(), id_.c_str(), AT_REMOVEDIR) != 0) {
    throw_errno("remove " + tree.what(folder), errno);
  }
}

void V1Storage::ImageWriter::put_ancestry(const std::vector<std::string>& ids) {
  replace_file(*storage_.state_->tree, "images/" + id_, "ancestry", json_list(ids), k_bytes);
}

void V1Storage::ImageWriter::put_checksums(const std::vector<std::string>& sums) {
  replace_file(*storage_.state_->tree, "images/" + id_, "_checksum", json_list(sums), k_bytes);
}

} // namespace regctl
