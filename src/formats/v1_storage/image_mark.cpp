// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/open_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/model/digest.hpp>

#include <algorithm>
#include <utility>

// The mark of an image, by which writers keep out each other and readers: who puts it, holds it and
// takes it away.

namespace regctl {

namespace {

const std::string k_mark = "_inprogress";

/// All parts: any may be there of an upload that was not looked at.
constexpr ImageMemory::Upload k_everything{true, true, true};

ImageMemory::Upload upload_of(const FolderView& image) {
  return {image.has_file("json"), image.has_file("layer"), image.has_file("_checksum")};
}

enum class Holder { none, this_process, another_process };

/// The holder of the image's mark, as `seen` has it. Waits up to `patience` while that is another
/// process, and takes over its upload if it was left. `seen` then is what is there.
Holder settle_upload(const StorageTree& tree, ImageMemory& memory, const std::string& id,
                     std::unique_ptr<FolderView>& seen, StorageFolder& folder,
                     std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds k_pause = std::chrono::seconds(1); // each try costs requests
  const auto end = std::chrono::steady_clock::now() + patience;
  while (seen->has_file(k_mark)) {
    if (folder.take_over(k_mark)) {
      seen = tree.view(image_folder(id)); // the other one may have written until then
      memory.put_upload(id, upload_of(*seen));
      return Holder::this_process;
    }
    if (std::chrono::steady_clock::now() >= end) {
      return Holder::another_process;
    }
    interruptible_sleep_ms(std::min(k_pause, patience).count());
    seen = tree.view(image_folder(id)); // the other one may have completed it
  }
  return Holder::none;
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
  auto& memory = open_->memory;
  std::unique_ptr<FolderView> seen;
  bool is_held = memory.find_upload(id).has_value();
  if (memory.is_on() && !is_held) {
    seen = open_->tree->view(image_folder(id));
    const auto holder = settle_upload(*open_->tree, memory, id, seen, *folder, patience);
    if (holder == Holder::another_process) {
      return nullptr;
    }
    is_held = holder == Holder::this_process;
  }
  return std::unique_ptr<ImageWriter>(
      new ImageWriter(*this, id, std::move(folder), std::move(seen), is_held));
}

V1Storage::ImageWriter::ImageWriter(V1Storage& storage, std::string id,
                                    std::unique_ptr<StorageFolder> folder,
                                    std::unique_ptr<FolderView> seen, bool is_held)
    : storage_(storage), id_(std::move(id)), folder_(std::move(folder)), seen_(std::move(seen)),
      is_held_(is_held) {}

V1Storage::ImageWriter::~ImageWriter() = default;

bool V1Storage::ImageWriter::claim() {
  if (!storage_.open_->memory.is_on()) {
    return true;
  }
  was_marked_ = is_held_;
  return try_to_mark();
}

void V1Storage::ImageWriter::release() {
  auto& memory = storage_.open_->memory;
  if (!memory.is_on() || was_marked_ || has_written_ || !is_held_) {
    return;
  }
  if (memory.find_upload(id_) || folder_->renew(k_mark)) {
    folder_->discard(k_mark);
  }
  memory.forget(id_);
  is_held_ = false;
}

/// Marks the upload. The mark comes first, because JSON and layer without a mark are a complete
/// image. Files of killed writers are removed: they would prevent the folder's removal.
bool V1Storage::ImageWriter::try_to_mark() {
  auto& memory = storage_.open_->memory;
  if (memory.find_upload(id_)) {
    return true; // the mark is there
  }
  folder_->remove_unfinished();
  if (!is_held_) {
    return put_first_mark();
  }
  if (!folder_->renew(k_mark)) {
    return false;
  }
  memory.renew_upload(id_, k_everything);
  return true;
}

/// Puts the mark where there was none. Another process may have completed the image, or removed it,
/// since it was looked at: then that look does not count. Where there was no JSON, store_json()
/// notices that.
bool V1Storage::ImageWriter::put_first_mark() {
  if (!folder_->claim(k_mark)) {
    return false;
  }
  auto& memory = storage_.open_->memory;
  is_held_ = memory.is_on();
  if (seen_ && seen_->has_file("json")) {
    if (state_of(*seen_) != V1ImageState::complete) {
      return !gives_way();
    }
    seen_ = storage_.open_->tree->view(image_folder(id_));
  }
  memory.put_upload(id_, seen_ ? upload_of(*seen_) : k_everything);
  return true;
}

/// Looks again at an image that was no complete one. If another process has completed it before our
/// mark, the mark goes, and the image counts as that process has left it.
bool V1Storage::ImageWriter::gives_way() {
  auto& memory = storage_.open_->memory;
  const bool was_marked = seen_ && seen_->has_file(k_mark);
  seen_ = storage_.open_->tree->view(image_folder(id_));
  if (was_marked || !seen_->has_file("json") || !seen_->has_file("layer")) {
    memory.put_upload(id_, upload_of(*seen_));
    return false;
  }
  folder_->discard(k_mark);
  memory.forget(id_);
  seen_ = nullptr;
  is_held_ = false;
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

/// Before a file is replaced, where processes are told from each other by their marks.
void V1Storage::ImageWriter::hold_mark() {
  if (storage_.open_->memory.is_on() && !try_to_mark()) {
    throw Error(ErrorKind::unavailable,
                "another process has taken over the upload of image " + short_id(id_));
  }
}

/// During a long upload: other processes take over a mark that has grown old. An image that is
/// complete gets no mark by that.
void V1Storage::ImageWriter::keep_mark_young() {
  if (is_held_) {
    hold_mark();
  }
}

void V1Storage::ImageWriter::complete() {
  settle_ancestry();
  folder_->sync();   // the image's files, before it becomes complete
  keep_mark_young(); // it may be that of another process by now
  folder_->discard(k_mark);
  folder_->sync();
  storage_.open_->memory.complete_upload(id_);
  is_held_ = false;
}

void V1Storage::ImageWriter::condemn() {
  auto& memory = storage_.open_->memory;
  was_marked_ = memory.is_on() ? is_held_ : storage_.is_marked(id_);
  memory.forget(id_);
  // The mark gets its name and text in one step, because an empty mark would be that of an upload.
  if (!(is_held_ ? folder_->renew(k_mark, k_removal_mark)
                 : folder_->claim(k_mark, k_removal_mark))) {
    throw Error(ErrorKind::unavailable,
                "another process has just begun to upload image " + short_id(id_),
                "try again when it is done");
  }
  is_held_ = memory.is_on();
  is_condemned_ = true;
}

/// Whether condemn() still holds: where it does not keep out other processes, one of them may have
/// taken over the image since.
bool V1Storage::ImageWriter::is_still_condemned() {
  return storage_.open_->memory.is_on() ? folder_->renew(k_mark, k_removal_mark)
                                        : storage_.is_remnant(id_);
}

void V1Storage::ImageWriter::reprieve() {
  is_condemned_ = false;
  const bool is_renewed = was_marked_ || storage_.open_->memory.is_on();
  if (is_renewed && !folder_->renew(k_mark)) {
    is_held_ = false;
    return;
  }
  if (!was_marked_) {
    folder_->discard(k_mark);
    is_held_ = false;
  }
  folder_->sync();
}

bool V1Storage::ImageWriter::remove() {
  if (!is_condemned_) {
    condemn();
  } else if (!is_still_condemned()) {
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

} // namespace regctl
