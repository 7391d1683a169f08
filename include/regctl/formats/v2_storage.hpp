// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/oci/repository.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl {

/// The storage tree of distribution 2.0 to 3.1 (`docker/registry/v2`), read and written without a
/// server. Where what lies in it is in v2_paths.hpp.
///
/// distribution and regctl can use the same tree. What regctl writes has a temporary name where no
/// listing shows it, is fsynced and renamed, and its folder is fsynced too: blobs first, then the
/// links to them, then the tag. So an interruption at any moment leaves nothing half visible, only
/// what no tag reaches. distribution up to 3.0 writes links in place; a link that is short and
/// young is read again. Writers of regctl share a lease; a garbage collection has it exclusively.
///
/// No link is followed out of the folder. Thread-safe; several processes may write at once.
class V2Storage : public std::enable_shared_from_this<V2Storage> {
public:
  using Missing = MissingTree;

  /// Opens the tree in a folder, which has `docker/registry/v2` in it. A folder without one is
  /// Error{not_found}, or becomes a tree with `create` if it is empty or holds the other tree, that
  /// of docker-registry; else it is Error{protocol}. Throws Error{unsupported} for a tree whose
  /// manifests and tags are in a database (GitLab).
  static std::shared_ptr<V2Storage> open(const std::string& folder,
                                         Missing missing = Missing::error);

  /// The same for files of another kind than those in a local folder.
  static std::shared_ptr<V2Storage> open(std::unique_ptr<StorageTree> tree,
                                         Missing missing = Missing::error);
  ~V2Storage();
  V2Storage(const V2Storage&) = delete;
  V2Storage& operator=(const V2Storage&) = delete;

  /// The folder, or "s3://BUCKET/PREFIX".
  [[nodiscard]] const std::string& location() const noexcept { return tree_->location(); }

  /// The files, for work on what repositories do not show: v2_paths.hpp says where it is.
  [[nodiscard]] StorageTree& tree() noexcept { return *tree_; }
  [[nodiscard]] const StorageTree& tree() const noexcept { return *tree_; }

  // --- repositories ---

  /// A folder that has some folder of a repository in it.
  struct Found {
    std::string name;      ///< "team/app"
    bool is_legal = false; ///< v2_paths::is_legal_repository
    bool has_layers = false;
    bool has_manifests = false;

    /// Blobs alone make a repository for distribution 2, manifests alone for distribution 3.
    [[nodiscard]] bool is_repository() const noexcept {
      return is_legal && (has_layers || has_manifests);
    }
  };

  /// Calls `on_found` for each such folder, in the order of bytes, each before those below it. Also
  /// for those with a name that no repository may have, and in folders that distribution does not
  /// enter because they begin with '_'. Holds the names of one folder at each depth. A link to a
  /// folder is followed, but no second one below it: `on_skipped`, unless it is empty, is called
  /// with the name of that.
  void walk(const std::function<void(const Found&)>& on_found,
            const std::function<void(const std::string& name)>& on_skipped = {}) const;

  /// Calls `on_name` for each repository.
  void for_each_repository(const std::function<void(const std::string&)>& on_name) const;

  [[nodiscard]] bool has_repository(const std::string& name) const;

  /// The repository, which may be missing: it comes into being with the first write. Keeps the tree
  /// open. Throws Error{usage} for a name that no repository may have.
  [[nodiscard]] std::unique_ptr<OciRepository> repository(const std::string& name);

  // --- links ---

  enum class LinkState { absent, sound, malformed };
  struct Link {
    LinkState state = LinkState::absent;
    std::optional<oci::Digest> digest = {}; ///< of a sound link
    std::string text = {};                  ///< of a malformed link, as far as it can be read
  };

  /// The content of the file `link` in a folder. Looks again for about a second at a malformed link
  /// that was changed a moment ago, which distribution may be writing.
  [[nodiscard]] Link look_at_link(const std::string& folder) const;

  /// The digest in the link; nothing if there is no link. Throws Error{protocol} for one that stays
  /// malformed.
  [[nodiscard]] std::optional<oci::Digest> read_link(const std::string& folder) const;

  /// Points the link in a folder at a digest; leaves one alone that does so already.
  void put_link(const std::string& folder, const oci::Digest& digest);

  // --- blobs ---

  /// The bytes of a blob, by its sha256 and from whichever repository; null if there are none.
  /// Throws Error{protocol} if something else stands in their place.
  [[nodiscard]] std::unique_ptr<StoredFile> find_blob(const oci::Digest& digest) const;

  /// Whether a stored blob has the digest. Reads all of it.
  [[nodiscard]] bool is_right(const StoredFile& blob, const oci::Digest& digest) const;

  /// Stores `bytes` under their sha256, unless they are there and right. `aside` is the folder
  /// `_uploads` of a repository.
  oci::Digest put_bytes(std::string_view bytes, const std::string& aside);

  /// Has the tree take over `file` (StorageTree::adopt) as a blob, whose bytes are those of
  /// `source` and are read to their end. `is_still_same` is asked then, and false ends the attempt.
  /// Returns no blob if its bytes have to be written instead: `obstacle` says why.
  std::optional<oci::PutBlob> adopt_stream(Source& source, const StoredFile& file,
                                           const std::function<bool()>& is_still_same,
                                           const std::string& aside, std::string& obstacle);

  /// Stores the bytes of `source`, to which `upload` was opened, under their sha256; replaces what
  /// is there only if it is wrong. Returns the sha256.
  oci::PutBlob put_stream(Source& source, const std::optional<oci::Digest>& digest,
                          const std::string& aside);

  // --- the whole ---

  /// The tree as it is now, for work that looks at all of it (StorageTree::snapshot); this object
  /// itself where that saves nothing.
  [[nodiscard]] std::shared_ptr<const V2Storage> snapshot() const;

  /// Keeps all writers of regctl out until the result is destroyed. Null while another one has the
  /// tree. Servers of distribution know of no lease.
  class Exclusive;
  [[nodiscard]] std::unique_ptr<Exclusive> lock_exclusively();

  /// Registers this object as a writer until it is destroyed, so that lock_exclusively() of other
  /// processes fails. All writing functions call it. Throws Error{unavailable} while a process has
  /// locked the tree exclusively.
  void lock_for_writing();

private:
  explicit V2Storage(std::unique_ptr<StorageTree> tree);

  [[nodiscard]] Link look_once(const std::string& folder) const;

  std::unique_ptr<StorageTree> tree_;
  std::mutex mutex_;                       ///< guards `writing_`
  std::unique_ptr<StorageFolder> writing_; ///< the lease, taken by the first write
};

class V2Storage::Exclusive {
public:
  ~Exclusive();
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

private:
  friend class V2Storage;
  explicit Exclusive(std::shared_ptr<V2Storage> storage) : storage_(std::move(storage)) {}
  std::shared_ptr<V2Storage> storage_; // shared: the lock may outlive all other users of the tree
};

} // namespace regctl
