// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"

#include "objects/bucket_folder.hpp"
#include "objects/bucket_upload.hpp"
#include "objects/listed_tree.hpp"
#include "objects/object_file.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>

#include <algorithm>
#include <utility>

namespace regctl::objects {

namespace {

constexpr std::size_t k_part_buffers = 8;      // 64 MiB, rarely 256
constexpr std::size_t k_loose_name_bytes = 16; // random ones
constexpr std::size_t k_removed_at_a_time = 1000;

/// Its object has its final key from the start, unless another path turns out to be right: then the
/// server copies it.
class BucketLooseUpload final : public LooseUpload {
public:
  BucketLooseUpload(BucketTree& tree, std::string path)
      : tree_(tree), path_(std::move(path)),
        upload_(tree.bucket(), tree.part_buffers(), tree.key_of(path_)) {}

  void write(std::span<const std::byte> bytes) override { upload_.write(bytes); }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return upload_.size_bytes(); }

  void commit(const std::string& path) override {
    if (path == path_) {
      upload_.commit(Durability::whole);
      return;
    }
    const Aside aside{tree_.bucket(), tree_.key_of(path_)};
    upload_.commit(Durability::whole);
    aside.bucket.copy(aside.bucket, {aside.key, size_bytes(), "", {}}, tree_.key_of(path));
  }

private:
  /// Removes the object under its first key, whether or not it got to the other one.
  struct Aside {
    Bucket& bucket;
    std::string key;

    Aside(Bucket& in, std::string named) : bucket(in), key(std::move(named)) {}
    ~Aside() { bucket.give_up_object(key); }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
  };

  BucketTree& tree_;
  std::string path_;
  BucketUpload upload_;
};

} // namespace

bool is_loose_name(std::string_view name) noexcept {
  return is_lower_hex(name, 2 * k_loose_name_bytes);
}

std::unique_ptr<StorageTree> open_bucket_tree(std::shared_ptr<Bucket> bucket,
                                              std::string_view prefix) {
  return std::make_unique<BucketTree>(std::move(bucket), prefix);
}

BucketTree::BucketTree(std::shared_ptr<Bucket> bucket, std::string_view prefix)
    : ObjectTree(std::move(bucket), prefix, std::make_shared<KnownContents>()),
      part_buffers_(k_part_buffers, BucketUpload::k_part_bytes) {}

std::optional<std::string> BucketTree::read(const std::string& path,
                                            std::uint64_t limit_bytes) const {
  return bucket().read(key_of(path), limit_bytes);
}

std::optional<StorageTree::VersionedText>
BucketTree::read_versioned(const std::string& path, std::uint64_t limit_bytes) const {
  auto content = bucket().read_with_etag(key_of(path), limit_bytes);
  if (!content) {
    return std::nullopt;
  }
  return VersionedText{std::move(content->text), version_of(content->etag)};
}

bool BucketTree::has_folder(const std::string& path) const {
  return bucket().has_any(folder_key(path));
}

std::optional<ObjectInfo> BucketTree::find_object(const std::string& path) const {
  return bucket().find(key_of(path));
}

bool BucketTree::for_each_object(const std::string& path, const OnObject& on_object,
                                 const OnName& on_folder) const {
  const auto folder = folder_key(path);
  bool is_there = false;
  bucket().list(folder,
                {[&](const ObjectInfo& object) {
                   is_there = true;
                   on_object(object.key.substr(folder.size()), object);
                 },
                 [&](const std::string& prefix) {
                   is_there = true;
                   if (on_folder) {
                     on_folder(prefix.substr(folder.size(), prefix.size() - folder.size() - 1));
                   }
                 }});
  return is_there;
}

std::unique_ptr<StorageTree> BucketTree::snapshot(const std::vector<std::string>& folders) const {
  return std::make_unique<ListedTree>(shared_bucket(), prefix(), known(), folders);
}

void BucketTree::for_each_unfinished(
    const std::string& path, int, const std::function<void(const UnfinishedFile&)>& on_file) const {
  bucket().list_uploads(folder_key(path), [&](const Bucket::OpenUpload& upload) {
    const auto parts = bucket().find_parts(upload);
    on_file({upload.key.substr(prefix().size()), parts.size_bytes, upload.id,
             std::max(upload.started, parts.last.value_or(upload.started))});
  });
}

std::string BucketTree::note_on_removals() const {
  return bucket().is_versioned() ? bucket().describe() + " keeps versions: what was removed stays "
                                                         "stored, and paid for, until they end"
                                 : "";
}

std::unique_ptr<StorageFolder> BucketTree::make_folder(const std::string& path) {
  return std::make_unique<BucketFolder>(*this, path, nullptr);
}

StorageTree::Adoption BucketTree::can_adopt(const StoredFile& file) const {
  const auto* object = dynamic_cast<const ObjectFile*>(&file);
  if (object == nullptr) {
    return {};
  }
  if (!bucket().is_beside(object->bucket())) {
    return {false, "they are not at one service, read with one key"};
  }
  return {has_copies_ && !object->info().etag.empty()};
}

std::string BucketTree::adopt(const StoredFile& file, const std::string& path, const std::string&) {
  const auto [folder, name] = split_path(path);
  try {
    make_folder(std::string(folder))->copy_file(file, std::string(name), [] {});
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::denied) {
      throw;
    }
    return "the service copies nothing: " + error.message();
  }
}

std::unique_ptr<StorageFolder> BucketTree::find_folder(const std::string& path) {
  return has_folder(path) ? make_folder(path) : nullptr;
}

std::unique_ptr<StorageFolder>
BucketTree::lease(const std::string& path, Sharing sharing,
                  std::optional<std::chrono::milliseconds> patience) {
  auto lease = leases_.take(path, sharing, patience);
  return lease ? std::make_unique<BucketFolder>(*this, path, std::move(lease)) : nullptr;
}

std::unique_ptr<LooseUpload> BucketTree::start_loose_upload(const std::string& aside,
                                                            const std::string& likely_path) {
  return std::make_unique<BucketLooseUpload>(
      *this, likely_path.empty() ? aside + "/" + random_hex(k_loose_name_bytes) : likely_path);
}

bool BucketTree::put_folder(const std::string& path, const FileGroup& files, const std::string&) {
  if (has_folder(path)) {
    return false;
  }
  for (const auto& file : files.files) {
    bucket().put(key_of(path + "/" + file.name), file.text);
  }
  return true;
}

bool BucketTree::remove_all(const std::string& path, const std::string&, const std::string& last) {
  const auto folder = folder_key(path);
  const auto last_key = key_of(last);
  bool was_there = false;
  std::vector<std::string> keys;
  const auto remove = [&] {
    bucket().remove_all(keys);
    keys.clear();
  };
  bucket().list(folder, {[&](const ObjectInfo& object) {
                  was_there = true;
                  if (object.key != last_key) {
                    keys.push_back(object.key);
                  }
                  if (keys.size() == k_removed_at_a_time) {
                    remove();
                  }
                }});
  remove();
  if (was_there) {
    bucket().remove(last_key);
  }
  return was_there;
}

void BucketTree::remove_folder(const std::string& path) {
  if (has_folder(path)) {
    throw Error(ErrorKind::local_io, "cannot remove " + what(path) + ": it is not empty");
  }
}

void BucketTree::remove_folder_with(const std::string& path, const std::string& last) {
  bool has_others = false;
  for_each_object(
      path,
      [&](const std::string& name, const ObjectInfo&) { has_others = has_others || name != last; },
      [&](const std::string&) { has_others = true; });
  if (!has_others) {
    bucket().remove(key_of(path + "/" + last));
  }
}

void BucketTree::remove_unfinished(const UnfinishedFile& file) {
  if (file.upload.empty()) {
    bucket().remove(key_of(file.path));
  } else {
    bucket().abort_upload(key_of(file.path), file.upload);
  }
}

} // namespace regctl::objects
