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

// The contract for the files of a storage tree: files in folders, which many processes read and
// several write at once. Each implementation (a local folder, a bucket) says in its own header how
// it keeps this contract. Paths are relative, like "images/ID/json", without "." and
// "..". Functions that look at a folder take "" for the root.

/// A file, in the version that was opened. Thread-safe.
class StoredFile {
public:
  StoredFile() = default;
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;
  virtual ~StoredFile() = default;

  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;

  /// Opaque, never empty. Replacing the file changes it. For put_if_unchanged().
  [[nodiscard]] virtual std::string version() const = 0;

  /// Opens `size_bytes` bytes from `offset` on. The sources are independent of each other and may
  /// outlive this object. `what` names the file in errors. Reading throws Error{protocol} if the
  /// file was truncated after it was opened.
  [[nodiscard]] virtual std::unique_ptr<Source>
  open_part(std::uint64_t offset, std::uint64_t size_bytes, std::string what) const = 0;

  /// Opens the whole file.
  [[nodiscard]] std::unique_ptr<Source> open(std::string what) const {
    return open_part(0, size_bytes(), std::move(what));
  }

  /// Optional: a URL by which anybody can read the file for so long. Empty if there is none.
  [[nodiscard]] virtual std::string url(std::chrono::seconds) const { return {}; }

  /// Optional: the file's descriptor, for sendfile(2). Null if the bytes are not in a local file.
  [[nodiscard]] virtual std::shared_ptr<const FileDescriptor> descriptor() const { return nullptr; }
};

/// Several questions about the files of one folder in a row. The answers are as of some time
/// between the making of the view and the question: a local folder is looked at with each question,
/// a bucket is listed once for all. Not thread-safe; the tree must outlive it.
class FolderView {
public:
  FolderView() = default;
  FolderView(const FolderView&) = delete;
  FolderView& operator=(const FolderView&) = delete;
  virtual ~FolderView() = default;

  [[nodiscard]] virtual bool has_file(const std::string& name) const = 0;
  /// Like StorageTree::find_file().
  [[nodiscard]] virtual std::unique_ptr<StoredFile> find_file(const std::string& name) const = 0;
  /// Like StorageTree::read().
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& name,
                                                        std::uint64_t limit_bytes) const = 0;
};

/// The part of a write that survives a loss of power, once the call has returned.
enum class Durability {
  whole,      ///< the bytes and the name
  bytes_only, ///< the bytes; the name only after the next StorageFolder::sync()
  name_only,  ///< the name; the bytes may be lost. For a mark, whose presence alone counts
};

/// A file of any size that is being written. commit() gives it its name and replaces a file that
/// has the name already. Without commit() the destructor leaves nothing behind.
class StorageUpload : public Sink {
public:
  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;

  /// Call it once, and not with Durability::name_only.
  virtual void commit(Durability durability) = 0;

  /// Optional: opens the bytes that have been written, for readers on any thread while the writer
  /// goes on; the sources may outlive the upload. A source ends at the present end of the file, and
  /// continues when more bytes have been written. Empty if the bytes cannot be read before
  /// commit().
  [[nodiscard]] virtual OpenSource written_bytes() const { return {}; }
};

/// A file of any size that is being written, and whose name may depend on its bytes. Until commit()
/// no reader sees it; without commit() the destructor leaves nothing behind.
class LooseUpload : public Sink {
public:
  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;

  /// Gives the file its path, durably, and replaces a file that is there. Creates the folders
  /// above it. Call it once.
  virtual void commit(const std::string& path) = 0;
};

/// What stands in a folder.
struct FolderEntry {
  std::string name;
  bool is_folder = false; ///< also a link to a folder
  bool is_link = false;   ///< a symbolic link
};

/// Small files of one folder that belong together. They get their names in this order, so that the
/// last one appears only when the others are there.
struct FileGroup {
  struct File {
    std::string name;
    std::string text;
  };
  std::vector<File> files;
};

/// A folder, opened for writing; names are those of files in it. Not thread-safe; the tree must
/// outlive it. Functions throw Error{local_io}, or what their implementation names, with the file.
class StorageFolder {
public:
  StorageFolder() = default;
  StorageFolder(const StorageFolder&) = delete;
  StorageFolder& operator=(const StorageFolder&) = delete;
  virtual ~StorageFolder() = default;

  /// Replaces a small file: readers see the old or the new content, never a part. Only a mark
  /// (name_only) is overwritten in place.
  virtual void put(const std::string& name, std::string_view text,
                   Durability durability = Durability::whole) = 0;

  /// Puts the mark `name`, which says that this process is writing in the folder, if there is none.
  /// Returns false if there is one. Where leases keep out other processes, the caller must hold
  /// one, and the answer is always true. `word`, if not empty, becomes the mark's first line; name
  /// and text appear in one step.
  virtual bool claim(const std::string& name, std::string_view word = {}) = 0;

  /// Puts a mark of this process again, so that it stays young. Returns false if it is gone or that
  /// of another process. Where leases keep out other processes, it is the same as claim().
  virtual bool renew(const std::string& name, std::string_view word = {}) {
    return claim(name, word);
  }

  /// Makes a mark that is there one of this process. Returns false if it is gone, or that of
  /// another process which may still be at work. Likewise.
  virtual bool take_over(const std::string& name) { return claim(name); }

  /// Replaces a small file if its version is still `version` (empty: the file is absent); otherwise
  /// returns false. Not every implementation compares and writes in one step: without a lease
  /// another writer may come in between.
  virtual bool put_if_unchanged(const std::string& name, std::string_view text,
                                const std::string& version) = 0;

  /// Replaces the files of many groups; each file is whole and durable before it gets its name.
  /// Waits for the disk once for all groups. Returns one entry for each group: null if it is
  /// durable, else its problem.
  [[nodiscard]] virtual std::vector<std::exception_ptr>
  put_groups(const std::vector<const FileGroup*>& groups) = 0;

  [[nodiscard]] virtual std::unique_ptr<StorageUpload> start_upload(const std::string& name) = 0;

  /// Optional: whether copy_file() can take this file, of this tree or another one.
  [[nodiscard]] virtual bool can_copy(const StoredFile&) const { return false; }

  /// If can_copy(): replaces the file `name` by the bytes of another one, whole or not at all. The
  /// service that keeps both copies them, so that they need not be read. Throws Error{integrity} if
  /// that file was replaced since it was opened, Error{unsupported} or Error{denied} if the service
  /// copies nothing for us: then can_copy() is false from now on. A long file takes several steps;
  /// `on_step` is called before each.
  virtual void copy_file(const StoredFile& file, const std::string& name,
                         const std::function<void()>& on_step);

  /// Removes a file; returns false if there was none. The removal is durable after the next sync().
  virtual bool remove(const std::string& name) = 0;

  /// The same for a caller to whom it does not matter whether there was one.
  virtual void discard(const std::string& name) = 0;

  /// All names in the folder, in no order, unfinished files included.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;

  /// Removes unfinished files. Only for a caller with an exclusive lease: other writers may be
  /// working on theirs.
  virtual void remove_unfinished() = 0;

  /// Makes the names in the folder durable.
  virtual void sync() = 0;
};

/// Whether a lease keeps out all other leases of the folder, or only exclusive ones.
enum class Sharing { exclusive, shared };

/// A half-written file. Its writer was killed, or is still at work.
struct UnfinishedFile {
  std::string path;             ///< as its tree names it
  std::uint64_t size_bytes = 0; ///< 0 if the tree cannot tell
  std::string upload = {}; ///< tells uploads of one path from each other; empty if there is one
  /// The time of its beginning, if the tree can tell.
  std::optional<std::chrono::system_clock::time_point> started = {};
};

/// Whether a folder's name is that of one which put_folder() or remove_all() had aside. It is left
/// behind by a process that was killed.
[[nodiscard]] bool is_removed_name(std::string_view name) noexcept;

/// Whether a tree that is not there is an error or is made.
enum class MissingTree { error, create };

/// A tree of files. Functions throw Error{local_io}, Error{protocol} for a path that leads out of
/// the tree or that is neither a file nor a folder, and what else their implementation names.
/// Thread-safe.
class StorageTree {
public:
  using OnName = std::function<void(const std::string&)>;

  StorageTree() = default;
  StorageTree(const StorageTree&) = delete;
  StorageTree& operator=(const StorageTree&) = delete;
  virtual ~StorageTree() = default;

  /// The tree's location as places spell it: "/srv/registry".
  [[nodiscard]] virtual const std::string& location() const noexcept = 0;

  /// The path as it appears in errors: "'/srv/registry/images/ID/json'".
  [[nodiscard]] virtual std::string what(std::string_view path) const = 0;

  /// Whether a lease keeps out other processes. If not, they must be kept out by other means: by
  /// claim(), and by leaving alone for a time what is young.
  [[nodiscard]] virtual bool has_leases_among_processes() const noexcept = 0;

  // --- reading ---

  /// The file, or nothing if there is none.
  [[nodiscard]] virtual std::unique_ptr<StoredFile> find_file(const std::string& path) const = 0;

  /// A file whose size and version are known from an earlier look; no version means any. Whether it
  /// is still there shows when it is read.
  [[nodiscard]] virtual std::unique_ptr<StoredFile>
  open_known(const std::string& path, std::uint64_t size_bytes, std::string version) const = 0;

  /// The content of a small file, or nothing if there is none. Throws Error{protocol} if it is
  /// larger than `limit_bytes`.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& path,
                                                        std::uint64_t limit_bytes) const = 0;

  struct VersionedText {
    std::optional<std::string> text; ///< nothing if the file is larger than was asked for
    std::string version;             ///< StoredFile::version()
  };
  /// The content and the version of a small file from one look; nothing if there is none.
  [[nodiscard]] virtual std::optional<VersionedText>
  read_versioned(const std::string& path, std::uint64_t limit_bytes) const;

  [[nodiscard]] virtual bool has_file(const std::string& path) const = 0;
  [[nodiscard]] virtual bool has_folder(const std::string& path) const = 0;

  /// For a folder that may be missing: it has no files then.
  [[nodiscard]] virtual std::unique_ptr<FolderView> view(const std::string& path) const = 0;

  /// Calls `on_name` for each file and folder in a folder, in no order. Names that begin with '.',
  /// such as unfinished files, are left out. Returns false if there is no such folder.
  virtual bool list(const std::string& path, const OnName& on_name) const = 0;

  /// Calls `on_entry` for each file and folder in a folder, in no order, those whose names begin
  /// with '.' included. Returns false if there is no such folder.
  virtual bool list_entries(const std::string& path,
                            const std::function<void(const FolderEntry&)>& on_entry) const = 0;

  /// Called with the name and content of a file. There is no content if the file cannot be one of
  /// the tree: if it is not regular, leads out of the tree or is too large.
  using OnContent =
      std::function<void(const std::string& name, std::optional<std::string> content)>;

  /// Reads all small files in a folder for which `is_wanted` returns true, in no order; files of
  /// more than `limit_bytes` have no content. Returns false if there is no such folder.
  virtual bool read_files(const std::string& path,
                          const std::function<bool(const std::string& name)>& is_wanted,
                          std::uint64_t limit_bytes, const OnContent& on_content) const = 0;

  /// Opaque; it changes when a name is added to the folder or removed. Empty if there is no such
  /// folder, if the tree cannot tell, or if it changed so recently that a further change might give
  /// the same version.
  [[nodiscard]] virtual std::string folder_version(const std::string& path) const = 0;

  /// Time of the last change of the folder or of a file in it; nothing if there is no such folder.
  [[nodiscard]] virtual std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& path) const = 0;

  /// Calls `on_file` for each unfinished file in a folder, and in the folders below it down to
  /// `levels` levels. A snapshot has those alone that a listing shows.
  virtual void
  for_each_unfinished(const std::string& path, int levels,
                      const std::function<void(const UnfinishedFile&)>& on_file) const = 0;

  /// The folders of the tree as they are now, for work that looks at everything in them: all names
  /// are listed at once, with as few requests as can be. There is nothing else in the snapshot. It
  /// must not be written to, and may outlive this tree. The folders are listed in this order, while
  /// others may write: one whose files name those of another stands before it, so that what is
  /// named is there. Null if looking costs little without that.
  [[nodiscard]] virtual std::unique_ptr<StorageTree>
  snapshot(const std::vector<std::string>& folders) const = 0;

  /// Tells of a content that small files may have, so that read_files() need not read those.
  virtual void expect_content(std::string_view content) const = 0;

  /// The time by the clock that last_change() goes by.
  [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;

  /// Optional: the free space.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes() const = 0;

  /// A sentence for users who have had files removed, if their space is not free by then; else "".
  [[nodiscard]] virtual std::string note_on_removals() const { return {}; }

  // --- writing ---

  /// Opens the folder. Creates it, and those above it, durably, if they are missing. (In a bucket a
  /// folder is there as long as it has files.)
  [[nodiscard]] virtual std::unique_ptr<StorageFolder> make_folder(const std::string& path) = 0;

  /// Opens the folder; null if there is none.
  [[nodiscard]] virtual std::unique_ptr<StorageFolder> find_folder(const std::string& path) = 0;

  /// Opens the folder like make_folder(), and holds a lease on it until the result is destroyed.
  /// Waits for other leases up to `patience` (nothing: without limit), then returns null. A lease
  /// holds at least among the threads of this process. It does not cover the folders below.
  [[nodiscard]] virtual std::unique_ptr<StorageFolder>
  lease(const std::string& path, Sharing sharing,
        std::optional<std::chrono::milliseconds> patience) = 0;

  /// Begins a file for which no folder is made before it is whole. Until then its bytes lie in the
  /// folder `aside`, which is created if it is missing, without a name or with that of an
  /// unfinished file. `likely_path`, if not empty, is the path that commit() will probably get:
  /// where moving costs, the bytes are written there at once, unseen.
  [[nodiscard]] virtual std::unique_ptr<LooseUpload>
  start_loose_upload(const std::string& aside, const std::string& likely_path) = 0;

  /// Whether adopt() can take a file.
  struct Adoption {
    bool is_possible = false;
    /// The reason why not, for files of a tree of the same kind: "they are on two file systems".
    std::string obstacle = {};
  };
  /// Optional: whether this tree can take `file`, of this tree or another one, without its bytes
  /// passing through here.
  [[nodiscard]] virtual Adoption can_adopt(const StoredFile&) const { return {}; }

  /// If can_adopt(): gives the bytes of `file` the path here too, whole, durably, and in place of a
  /// file that is there: a local folder by a hard link, a bucket by having its service copy them.
  /// `aside` is a folder as for start_loose_upload(). Returns the obstacle that turned up; empty
  /// if it is done. Throws Error{integrity} if `file` was replaced or written since it was
  /// opened.
  [[nodiscard]] virtual std::string adopt(const StoredFile& file, const std::string& path,
                                          const std::string& aside);

  /// Durably creates a folder with small files, whose names may lead into folders of their own;
  /// returns false if there is such a folder already, unless it is empty. Where folders can be
  /// renamed, it appears with all of them at once: it is made in the folder `aside` under a hidden
  /// name (is_removed_name). In a bucket the files appear one after the other, in this order.
  virtual bool put_folder(const std::string& path, const FileGroup& files,
                          const std::string& aside) = 0;

  /// Durably removes a folder with all that is in it; returns false if there is none. Where folders
  /// can be renamed, it disappears at once: it is moved into the folder `aside` under a hidden name
  /// (is_removed_name) and removed there. In a bucket `last`, a path in the folder, is removed
  /// after all others.
  virtual bool remove_all(const std::string& path, const std::string& aside,
                          const std::string& last) = 0;

  /// Removes an empty folder. Throws Error{local_io} if it is not empty.
  virtual void remove_folder(const std::string& path) = 0;

  /// Durably removes a folder that is empty or has only the file `last`; does nothing if it has
  /// other files. Readers never see the folder without that file.
  virtual void remove_folder_with(const std::string& path, const std::string& last) = 0;

  virtual void remove_unfinished(const UnfinishedFile& file) = 0;
};

} // namespace regctl
