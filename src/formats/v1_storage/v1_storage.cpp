// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/place.hpp"
#include "formats/v1_storage/state.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/chain.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace regctl {

namespace {

constexpr std::uint64_t k_small_limit_bytes = 64 * 1024; // checksums, tags, marks

} // namespace

std::string image_file(const std::string& id, std::string_view part) {
  return "images/" + id + "/" + std::string(part);
}

bool is_still_there(const FileDescriptor& folder) {
  struct stat status = {};
  return ::fstat(folder.get(), &status) == 0 && status.st_nlink > 0;
}

FileDescriptor lock_folder(const Tree& tree, const std::string& folder) {
  for (;;) {
    auto opened = tree.make_folder(folder);
    if (::flock(opened.get(), LOCK_EX) != 0) {
      if (errno != EINTR) {
        throw_errno("lock " + tree.what(folder), errno);
      }
    } else if (is_still_there(opened)) {
      return opened;
    }
  }
}

void replace_file(const Tree& tree, const std::string& folder, const std::string& name,
                  std::string_view text, AtomicFile::Durable durable) {
  AtomicFile file(tree.make_folder(folder), name, tree.what(folder + "/" + name));
  file.write(as_bytes(text));
  file.commit(durable);
}

V1Storage::V1Storage(std::unique_ptr<Tree> tree)
    : state_(std::make_unique<State>(std::move(tree))) {}

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
  auto tree = std::make_unique<Tree>(folder);
  if (missing == Missing::error && !tree->has("images") && !tree->has("repositories")) {
    throw Error(ErrorKind::not_found, "'" + folder + "' is empty: no storage tree");
  }
  return std::shared_ptr<V1Storage>(new V1Storage(std::move(tree)));
}

const std::string& V1Storage::folder() const noexcept {
  return state_->tree->folder();
}

V1Storage::ImageState V1Storage::image_state(const std::string& id) const {
  const auto& tree = *state_->tree;
  if (!is_v1_id(id) || !tree.has(image_file(id, "json"))) {
    return ImageState::absent;
  }
  const bool is_complete =
      !tree.has(image_file(id, "_inprogress")) && tree.has(image_file(id, "layer"));
  return is_complete ? ImageState::complete : ImageState::in_progress;
}

std::optional<V1Image> V1Storage::find_image(const std::string& id) const {
  if (!is_v1_id(id) || state_->tree->has(image_file(id, "_inprogress"))) {
    return std::nullopt;
  }
  auto json = image_json(id);
  const auto layer = open_layer(id);
  if (!json || !layer) {
    return std::nullopt;
  }
  return V1Image{id, std::move(*json), layer->size_bytes, checksums(id), {}};
}

std::optional<std::string> V1Storage::image_json(const std::string& id) const {
  return read_part(id, "json", k_document_limit_bytes);
}

/// A small file of an image; nothing for what is no ID, lest it name another place in the tree.
std::optional<std::string> V1Storage::read_part(const std::string& id, std::string_view part,
                                                std::uint64_t limit_bytes) const {
  return is_v1_id(id) ? state_->tree->read(image_file(id, part), limit_bytes) : std::nullopt;
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
      state_->tree->read(image_file(id, "_checksum"), k_small_limit_bytes).value_or("");
  return text.find_first_not_of(" \r\n") != std::string::npos && !text.starts_with('[');
}

std::optional<std::chrono::system_clock::time_point>
V1Storage::last_change(const std::string& id) const {
  const auto folder = is_v1_id(id) ? state_->tree->find_folder("images/" + id) : std::nullopt;
  if (!folder) {
    return std::nullopt;
  }
  struct stat status = {};
  if (::fstat(folder->get(), &status) != 0) {
    throw_errno("read " + state_->tree->what("images/" + id), errno);
  }
  auto newest_s = status.st_mtim.tv_sec;
  state_->tree->list("images/" + id, [&](const std::string& name) {
    if (::fstatat(folder->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      newest_s = std::max(newest_s, status.st_mtim.tv_sec);
    }
  });
  return std::chrono::system_clock::from_time_t(newest_s);
}

bool V1Storage::is_remnant(const std::string& id) const {
  const auto mark = state_->tree->read(image_file(id, "_inprogress"), k_small_limit_bytes);
  if (mark) {
    return *mark == k_removal_mark;
  }
  bool is_empty = is_v1_id(id) && state_->tree->has("images/" + id);
  state_->tree->list("images/" + id, [&](const std::string&) { is_empty = false; });
  return is_empty;
}

bool V1Storage::is_marked(const std::string& id) const {
  return is_v1_id(id) && state_->tree->has(image_file(id, "_inprogress"));
}

std::optional<V1Storage::StoredFile> V1Storage::open_layer(const std::string& id) const {
  auto file = is_v1_id(id) ? state_->tree->find_file(image_file(id, "layer")) : std::nullopt;
  if (!file) {
    return std::nullopt;
  }
  return StoredFile{std::move(file->fd), file->size_bytes};
}

void V1Storage::for_each_image(const std::function<void(const std::string&)>& on_id) const {
  state_->tree->list("images", [&](const std::string& name) {
    if (is_v1_id(name)) {
      on_id(name);
    }
  });
}

void V1Storage::for_each_temporary(const std::function<void(const Temporary&)>& on_file) const {
  const auto& tree = *state_->tree;
  const auto look_into = [&](const std::string& path) {
    tree.list_temporaries(path, [&](const std::string& name) {
      const auto folder = tree.find_folder(path);
      struct stat status = {};
      if (folder && ::fstatat(folder->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISREG(status.st_mode)) {
        on_file({path + "/" + name, static_cast<std::uint64_t>(status.st_size)});
      }
    });
  };
  for_each_image([&](const std::string& id) { look_into("images/" + id); });
  tree.list("repositories", [&](const std::string& space) {
    tree.list("repositories/" + space, [&](const std::string& folder) {
      look_into("repositories/" + space + "/" + folder);
    });
  });
}

void V1Storage::remove_temporary(const Temporary& file) {
  lock_for_writing();
  const auto slash = file.path.rfind('/');
  const auto folder = state_->tree->find_folder(file.path.substr(0, slash));
  if (folder && ::unlinkat(folder->get(), file.path.c_str() + slash + 1, 0) != 0 &&
      errno != ENOENT) {
    throw_errno("remove " + state_->tree->what(file.path), errno);
  }
}

std::optional<std::uint64_t> V1Storage::free_bytes() const {
  const auto folder = state_->tree->find_folder(".");
  struct statvfs status = {};
  if (!folder || ::fstatvfs(folder->get(), &status) != 0 || status.f_blocks == 0) {
    return std::nullopt;
  }
  // Root may use what is kept back from others; a bound that is too high only tells later.
  const auto blocks = ::geteuid() == 0 ? status.f_bfree : status.f_bavail;
  return std::uint64_t{blocks} * status.f_frsize;
}

// The lock is on the folder images/ itself: shared by writers, exclusive for a collection. It goes
// with the process, however that ends.

void V1Storage::lock_for_writing() {
  const std::lock_guard lock(state_->mutex);
  if (state_->writing) {
    return;
  }
  auto folder = state_->tree->make_folder("images");
  static_cast<void>(state_->tree->make_folder("repositories"));
  if (::flock(folder.get(), LOCK_SH | LOCK_NB) != 0) {
    throw Error(ErrorKind::unavailable,
                "the storage tree '" + this->folder() + "' is being cleaned up by another process",
                "try again when it is done");
  }
  state_->writing = std::move(folder);
}

std::unique_ptr<V1Storage::Exclusive> V1Storage::lock_exclusively() {
  const std::lock_guard lock(state_->mutex);
  state_->writing.close();
  auto folder = state_->tree->make_folder("images");
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    return nullptr;
  }
  state_->writing = std::move(folder); // our own writing is allowed
  return std::unique_ptr<Exclusive>(new Exclusive(shared_from_this()));
}

V1Storage::Exclusive::~Exclusive() {
  const std::lock_guard lock(storage_->state_->mutex);
  storage_->state_->writing.close();
}

} // namespace regctl
