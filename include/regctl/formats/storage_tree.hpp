// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/base/stream.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl {

// The contract under every storage tree: files in folders, read by many and written by several
// processes at once. A kind (a local folder, a bucket) says in its own header how it keeps what is
// promised here. Paths are relative, as in "images/ID/json", without "." and "..".

/// A file as it was when it was opened. Thread-safe.
class StoredFile {
public:
  StoredFile() = default;
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;
  virtual ~StoredFile() = default;

  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;

  /// Opaque, never empty: another one once the file was replaced. For put_if_unchanged().
  [[nodiscard]] virtual std::string version() const = 0;

  /// `size_bytes` bytes from `offset` on. Sources are independent of each other and outlive this.
  /// `what` names the file in errors: reading throws Error{protocol} where it was cut since.
  [[nodiscard]] virtual std::unique_ptr<Source>
  open_part(std::uint64_t offset, std::uint64_t size_bytes, std::string what) const = 0;

  /// All of it.
  [[nodiscard]] std::unique_ptr<Source> open(std::string what) const {
    return open_part(0, size_bytes(), std::move(what));
  }

  /// Optional: the file's descriptor, for sendfile(2). Nothing where the bytes lie in no file.
  [[nodiscard]] virtual std::shared_ptr<const FileDescriptor> descriptor() const { return nullptr; }
};

/// How far a write is safe from a loss of power once it has returned.
enum class Durability {
  whole,      ///< bytes and name
  bytes_only, ///< the name is with the next StorageFolder::sync()
  name_only,  ///< of a mark, which counts by being there: its bytes may be lost
};

/// A file under way, of any size. It gets its name at commit(), replacing what had it; destroyed
/// before, it leaves nothing behind.
class StorageUpload : public Sink {
public:
  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;

  /// Once only. Not with Durability::name_only.
  virtual void commit(Durability durability) = 0;

  /// Optional: opens what was written, for readers beside the writer, on any thread, which may
  /// outlive it. A source ends where the file ends at that moment, and goes on once there is more.
  /// Nothing where the bytes cannot be read before commit().
  [[nodiscard]] virtual OpenSource written_bytes() const { return {}; }
};

/// Small files of one folder that count together, in the order in which they get their names: the
/// last one is what the others are for.
struct FileGroup {
  struct File {
    std::string name;
    std::string text;
  };
  std::vector<File> files;
};

/// A folder that is written to. Names are those of files in it. Not thread-safe; the tree must
/// outlive it. Functions throw Error{local_io} naming the file.
class StorageFolder {
public:
  StorageFolder() = default;
  StorageFolder(const StorageFolder&) = delete;
  StorageFolder& operator=(const StorageFolder&) = delete;
  virtual ~StorageFolder() = default;

  /// Replaces a small file: readers have the old one or the new one, never a part. (A mark is
  /// written where it lies.)
  virtual void put(const std::string& name, std::string_view text,
                   Durability durability = Durability::whole) = 0;

  /// Replaces a small file that is still of `version` (empty: absent); false if it is not. Without
  /// a lease another writer may come in between, where the kind cannot compare and write in one.
  virtual bool put_if_unchanged(const std::string& name, std::string_view text,
                                const std::string& version) = 0;

  /// Replaces the files of many groups, each file whole and durable before it has its name, and
  /// waits for the disk once for all. Returns the problem of each, nothing for one that is durable.
  [[nodiscard]] virtual std::vector<std::exception_ptr>
  put_groups(const std::vector<const FileGroup*>& groups) = 0;

  [[nodiscard]] virtual std::unique_ptr<StorageUpload> start_upload(const std::string& name) = 0;

  /// The removal is durable with the next sync(). False if there was no such file.
  virtual bool remove(const std::string& name) = 0;

  /// All that is in the folder, what killed writers left included, in no order.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;

  /// Removes what killed writers left. For the only one who may write here.
  virtual void remove_unfinished() = 0;

  /// Makes durable which names are in the folder.
  virtual void sync() = 0;
};

/// Who may have a folder at the same time.
enum class Sharing { exclusive, shared };

/// A file that a writer left behind half written when it was killed, or is writing now.
struct UnfinishedFile {
  std::string path; ///< as its tree names it
  std::uint64_t size_bytes = 0;
};

/// A tree of files. Functions throw Error{protocol} for what is neither a file nor a folder nor
/// absent, or leads out of the tree, and Error{local_io}. Thread-safe.
class StorageTree {
public:
  using OnName = std::function<void(const std::string&)>;

  StorageTree() = default;
  StorageTree(const StorageTree&) = delete;
  StorageTree& operator=(const StorageTree&) = delete;
  virtual ~StorageTree() = default;

  /// Where it is, as a place names it: "/srv/registry".
  [[nodiscard]] virtual const std::string& location() const noexcept = 0;

  /// The path as errors name it: "'/srv/registry/images/ID/json'".
  [[nodiscard]] virtual std::string what(std::string_view path) const = 0;

  // --- reading ---

  /// The file, or nothing if there is none.
  [[nodiscard]] virtual std::unique_ptr<StoredFile> find_file(const std::string& path) const = 0;

  /// The whole of a small file, or nothing. Throws Error{protocol} past `limit_bytes`.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& path,
                                                        std::uint64_t limit_bytes) const = 0;

  /// Whether there is a file or a folder.
  [[nodiscard]] virtual bool has(const std::string& path) const = 0;
  [[nodiscard]] virtual bool has_folder(const std::string& path) const = 0;

  /// Calls `on_name` for each file and folder in a folder, in no order, without unfinished files
  /// and whatever else begins with '.'. False if there is no such folder.
  virtual bool list(const std::string& path, const OnName& on_name) const = 0;

  /// Opaque: equal as long as no name came into the folder or went from it. Empty if there is no
  /// such folder, or if a change that comes now could not be told from the last one.
  [[nodiscard]] virtual std::string folder_version(const std::string& path) const = 0;

  /// When something in the folder was last written, or came or went; nothing if it is not there.
  [[nodiscard]] virtual std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& path) const = 0;

  /// Calls `on_file` for each unfinished file in a folder and in those below it, down to `levels`
  /// levels.
  virtual void
  for_each_unfinished(const std::string& path, int levels,
                      const std::function<void(const UnfinishedFile&)>& on_file) const = 0;

  /// Optional: how much can still be written.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes() const = 0;

  // --- writing ---

  /// Opens the folder, making it and those above it, durably, if need be.
  [[nodiscard]] virtual std::unique_ptr<StorageFolder> make_folder(const std::string& path) = 0;

  /// Opens the folder if it is there; nothing if not.
  [[nodiscard]] virtual std::unique_ptr<StorageFolder> find_folder(const std::string& path) = 0;

  /// As make_folder(), and has the folder for its caller alone, or for all who share it, until the
  /// result is gone. Waits for others up to `patience` (nothing: as long as it takes); nothing if
  /// that was not enough. Reaches at least through this process, and not to the folders below.
  [[nodiscard]] virtual std::unique_ptr<StorageFolder>
  lease(const std::string& path, Sharing sharing,
        std::optional<std::chrono::milliseconds> patience) = 0;

  /// Removes a folder in which nothing is left. Throws Error{local_io} if something is.
  virtual void remove_folder(const std::string& path) = 0;

  /// Removes a folder in which nothing is left but perhaps the file `last`, durably: nobody sees
  /// the folder without that file. Does nothing if more is left.
  virtual void remove_folder_with(const std::string& path, const std::string& last) = 0;

  virtual void remove_unfinished(const UnfinishedFile& file) = 0;
};

} // namespace regctl
