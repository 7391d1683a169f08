// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/leases.hpp"
#include "objects/object_tree.hpp"
#include "objects/part_buffers.hpp"

#include <regctl/objects/bucket.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// Opens the storage tree whose files are the objects below `prefix` in a bucket: "a/b" is the
/// object PREFIX/a/b. Slashes at the ends of `prefix` do not count; an empty one stands for the
/// whole bucket. No request is sent.
///
/// The contract of StorageTree in a bucket:
/// - A folder is there as long as an object lies below it. It has no version.
/// - An object appears whole or not at all, and is durable when it has appeared. A small file takes
///   one request, a long one is sent in parts of 8 MiB, of which few are held at a time.
/// - A lease holds among the threads of this process. Between processes the mark of claim() takes
///   its place. It names its process in its last line, and is put on condition that there is none
///   (If-None-Match: *), or that it is still the one that was read (If-Match), where the server can
///   do that. A mark counts for two minutes after it was last put. One of a process of this machine
///   that is gone does not count.
/// - copy_file() takes files of trees at the same server that are read with the same key and have
///   an ETag. Copies of more than 512 MiB are made in parts. That the version is the one that was
///   opened is known from the copy's ETag, or from that of the file once it is copied: Ceph 16
///   compares none.
/// - put_if_unchanged() compares versions (ETags) before it writes, and has the server compare them
///   when it does (If-Match) where the server can do that.
/// - Half-written files are uploads in parts that were neither completed nor aborted. Nobody sees
///   them, but they are stored. Their time is that of the last part. A snapshot has others: objects
///   of start_loose_upload() that were not yet copied to their path (is_loose_name).
///
/// Errors are those of Bucket; Error{local_io} for a folder that is not empty. Thread-safe.
std::unique_ptr<StorageTree> open_bucket_tree(std::shared_ptr<Bucket> bucket,
                                              std::string_view prefix);

/// Whether an object may be that of an upload without a likely path, by its name. Others may have
/// such names too: it is one in a folder that was given as `aside`.
bool is_loose_name(std::string_view name) noexcept;

/// What open_bucket_tree() returns.
class BucketTree final : public ObjectTree {
public:
  BucketTree(std::shared_ptr<Bucket> bucket, std::string_view prefix);

  [[nodiscard]] std::optional<std::string> read(const std::string& path,
                                                std::uint64_t limit_bytes) const override;
  [[nodiscard]] std::optional<VersionedText>
  read_versioned(const std::string& path, std::uint64_t limit_bytes) const override;
  [[nodiscard]] bool has_folder(const std::string& path) const override;
  [[nodiscard]] std::unique_ptr<StorageTree>
  snapshot(const std::vector<std::string>& folders) const override;
  void
  for_each_unfinished(const std::string& path, int levels,
                      const std::function<void(const UnfinishedFile&)>& on_file) const override;

  [[nodiscard]] std::string note_on_removals() const override;

  [[nodiscard]] std::unique_ptr<StorageFolder> make_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder> find_folder(const std::string& path) override;
  [[nodiscard]] std::unique_ptr<StorageFolder>
  lease(const std::string& path, Sharing sharing,
        std::optional<std::chrono::milliseconds> patience) override;
  [[nodiscard]] std::unique_ptr<LooseUpload>
  start_loose_upload(const std::string& aside, const std::string& likely_path) override;
  [[nodiscard]] Adoption can_adopt(const StoredFile& file) const override;
  [[nodiscard]] std::string adopt(const StoredFile& file, const std::string& path,
                                  const std::string& aside) override;
  bool put_folder(const std::string& path, const FileGroup& files,
                  const std::string& aside) override;
  bool remove_all(const std::string& path, const std::string& aside,
                  const std::string& last) override;
  void remove_folder(const std::string& path) override;
  void remove_folder_with(const std::string& path, const std::string& last) override;
  void remove_unfinished(const UnfinishedFile& file) override;

  // For its folders:

  [[nodiscard]] PartBuffers& part_buffers() noexcept { return part_buffers_; }

  /// Whether the server copies objects for us, as far as is known.
  [[nodiscard]] bool has_copies() const noexcept { return has_copies_; }
  void has_copies_not() noexcept { has_copies_ = false; }

private:
  bool for_each_object(const std::string& path, const OnObject& on_object,
                       const OnName& on_folder) const override;
  [[nodiscard]] std::optional<ObjectInfo> find_object(const std::string& path) const override;

  Leases leases_;
  PartBuffers part_buffers_;
  std::atomic<bool> has_copies_{true};
};

} // namespace regctl::objects
