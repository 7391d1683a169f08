// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/layout_folder.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <utility>

namespace regctl {

namespace {

namespace fs = std::filesystem;

const std::string k_root = ".";
/// Only index.json is written under the lock.
constexpr auto k_lock_patience = std::chrono::minutes(5);

/// What another writer has made of a layout before it was killed.
bool is_part_of_layout(const std::string& name) {
  return name == "blobs" || name == "index.json" || name == "oci-layout";
}

} // namespace

LayoutFolder::LayoutFolder(std::string folder, MissingLayout missing)
    : folder_(std::move(folder)), what_("'" + folder_ + "'") {
  std::error_code error;
  const auto status = fs::status(folder_, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw Error(ErrorKind::usage, what_ + " is no folder, as an OCI layout is",
                "'oci-archive:" + folder_ + "' names a layout in a tar file");
  }
  if (missing == MissingLayout::fail || fs::exists(status)) {
    open(missing);
  }
}

void LayoutFolder::open(MissingLayout missing) {
  tree_ = std::make_unique<LocalTree>(folder_);
  check_layout_version(*this);
  if (has_index()) {
    return;
  }
  if (missing == MissingLayout::fail) {
    throw Error(ErrorKind::not_found, what_ + " is no OCI layout: it has no index.json");
  }
  std::string foreign; // hidden files do not count
  tree_->list(k_root,
              [&](const std::string& name) { foreign = is_part_of_layout(name) ? foreign : name; });
  if (!foreign.empty()) {
    throw Error(ErrorKind::usage, what_ + " is no OCI layout, and holds other files",
                "name a new or an empty folder");
  }
}

LocalTree* LayoutFolder::tree() const {
  const std::lock_guard lock(mutex_);
  return tree_.get();
}

LocalTree& LayoutFolder::made_tree() const {
  return *tree();
}

std::unique_ptr<StoredFile> LayoutFolder::find_file(const std::string& name) const {
  const auto* opened = tree();
  return opened == nullptr ? nullptr : opened->find_file(name);
}

void LayoutFolder::create() {
  const std::lock_guard lock(mutex_);
  if (!tree_) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) {
      throw_errno("create " + what_, error.value());
    }
    tree_ = std::make_unique<LocalTree>(folder_);
  }
  if (tree_->has_file("index.json") && tree_->has_file("oci-layout")) {
    return;
  }
  const auto folder = tree_->lease(k_root, Sharing::exclusive, k_lock_patience);
  if (!folder) {
    throw Error(ErrorKind::unavailable, "another process keeps " + what_ + " locked");
  }
  static_cast<void>(tree_->make_folder("blobs"));
  if (!tree_->has_file("index.json")) {
    folder->put("index.json", LayoutIndexEditor("", what_).print());
  }
  if (!tree_->has_file("oci-layout")) { // the last one: where it is, there is a valid layout
    folder->put("oci-layout", k_layout_version);
  }
}

oci::PutBlob LayoutFolder::put_blob(const oci::BlobUpload& upload) {
  if (upload.digest && upload.size_bytes) {
    // A blob gets its name only once it is verified and on the disk, so that the name and the size
    // are proof enough. What became of it since shows whoever reads it.
    const auto there = find_file(blob_path(*upload.digest));
    if (there && there->size_bytes() == *upload.size_bytes) {
      return {*upload.digest, *upload.size_bytes};
    }
  }
  const auto algorithm = upload.digest ? upload.digest->algorithm() : oci::DigestAlgorithm::sha256;
  const std::string path =
      algorithm == oci::DigestAlgorithm::sha256 ? "blobs/sha256" : "blobs/sha512";
  AtomicFile file(made_tree().open_or_make_folder(path),
                  upload.digest ? std::string(upload.digest->hex()) : "blob",
                  made_tree().what(path + (upload.digest ? "/" + std::string(upload.digest->hex())
                                                         : ", a new blob")));
  oci::Digester digester(algorithm);
  std::uint64_t size_bytes = 0;
  auto source = upload.open();
  if (upload.digest) {
    source = oci::make_verified_source(std::move(source), *upload.digest, upload.size_bytes,
                                       upload.digest->to_string());
  } else {
    source = make_tap_source(std::move(source),
                             [&](std::span<const std::byte> bytes) { digester.update(bytes); });
  }
  size_bytes = pump(*source, file);
  auto digest = upload.digest ? *upload.digest : digester.finish();
  file.set_name(std::string(digest.hex()));
  file.commit(AtomicFile::Durable::bytes);
  return {std::move(digest), size_bytes};
}

void LayoutFolder::sync_blobs() const {
  for (const auto* path : {"blobs/sha256", "blobs/sha512"}) {
    if (const auto folder = made_tree().find_folder(path)) {
      folder->sync();
    }
  }
}

bool LayoutFolder::edit_index(const std::function<bool(LayoutIndexEditor&)>& edit) {
  create();
  const auto folder = made_tree().lease(k_root, Sharing::exclusive, k_lock_patience);
  if (!folder) {
    throw Error(ErrorKind::unavailable, "another process keeps " + what_ + " locked");
  }
  LayoutIndexEditor editor(
      read_layout_file(*this, "index.json", k_layout_index_limit_bytes).value_or(""), what_);
  if (!edit(editor)) {
    return false;
  }
  const auto text = editor.print();
  if (text.size() > k_layout_index_limit_bytes) {
    throw Error(ErrorKind::unsupported,
                what_ + ": index.json would become too long to be read again",
                "take another folder for some of the images");
  }
  folder->put("index.json", text);
  return true;
}

} // namespace regctl
