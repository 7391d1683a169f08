// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>
#include <regctl/model/v1/repository.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl {

/// The storage tree of docker-registry 0.6 to 0.9 (local driver), read and written:
///
///     images/ID/{json,layer,ancestry,_checksum,_inprogress}
///
///     repositories/NAMESPACE/NAME/{tag_TAG,tagTAG_json,_index_images,json,_private}
///
/// docker-registry and regctl can use the same tree. Every file is written without a name or under
/// a temporary one, fsynced and renamed, and its folder is fsynced too. An image becomes complete
/// in one last step. So an interruption leaves each change either done or undone. No link is
/// followed out of the folder.
///
/// Names of repositories begin with a namespace: "team/app"; "team/deep/name", whose namespace is
/// "team"; "library/app", for which "app" stands too. Thread-safe; several processes may write at
/// once.
class V1Storage : public std::enable_shared_from_this<V1Storage> {
public:
  using Missing = MissingTree;

  /// Opens a tree. An absent or empty folder is Error{not_found}, or becomes a tree with `create`.
  /// Any other folder that is not a storage tree is Error{protocol}.
  static std::shared_ptr<V1Storage> open(const std::string& folder,
                                         Missing missing = Missing::error);

  /// The same for files of another kind than those in a local folder.
  static std::shared_ptr<V1Storage> open(std::unique_ptr<StorageTree> tree,
                                         Missing missing = Missing::error);
  ~V1Storage();
  V1Storage(const V1Storage&) = delete;
  V1Storage& operator=(const V1Storage&) = delete;

  /// The folder, or "s3://BUCKET/PREFIX".
  [[nodiscard]] const std::string& location() const noexcept;

  // --- images ---

  /// Absent without a JSON; in progress if it is marked as an upload, or has no layer.
  [[nodiscard]] V1ImageState image_state(const std::string& id) const;

  /// The image if it is complete, else nothing. Throws Error{protocol} for hostile files.
  [[nodiscard]] std::optional<V1Image> find_image(const std::string& id) const;

  /// The same, with the reason why there is none, from one look.
  struct Found {
    std::optional<V1Image> image;
    bool is_marked = false; ///< as an incomplete upload
  };
  [[nodiscard]] Found look_up(const std::string& id) const;

  /// The layer of an image if it is complete, with its recorded checksums; else nothing.
  struct StoredLayer {
    std::unique_ptr<StoredFile> file; ///< never null
    std::vector<std::string> checksums;
  };
  [[nodiscard]] std::optional<StoredLayer> find_layer(const std::string& id) const;

  /// Forgets what is remembered of an image, where that is done: to be called if reading showed
  /// that it is not as it was.
  void look_again(const std::string& id) const;

  /// Where looking costs requests: from now on images that are complete in `listed` are taken for
  /// complete by find_image() and find_layer(), which then look no more. Nothing: by their own look
  /// only. (A complete image may be removed meanwhile. So what a push builds on is always looked
  /// for: image_state().)
  void trust(std::shared_ptr<const V1Storage> listed);

  /// The JSON, in any state.
  [[nodiscard]] std::optional<std::string> image_json(const std::string& id) const;

  /// The recorded ancestry; nothing if it is missing, malformed or longer than k_max_chain.
  [[nodiscard]] std::optional<std::vector<std::string>> ancestry(const std::string& id) const;

  /// The IDs from `id` down to its base image, child first. Reads every JSON and ignores recorded
  /// ancestries. Nothing if a JSON is missing or malformed, or if the chain is a loop or longer
  /// than k_max_chain.
  [[nodiscard]] std::optional<std::vector<std::string>> chain(const std::string& id) const;

  /// Like chain(), but trusts the recorded ancestry if it begins with the image and the parent that
  /// its JSON names.
  [[nodiscard]] std::optional<std::vector<std::string>> likely_chain(const std::string& id) const;

  /// Whether the image is marked as an incomplete upload.
  [[nodiscard]] bool is_marked(const std::string& id) const;

  /// Recorded payload checksums: a JSON list, or one bare string in old trees. Empty if there are
  /// none.
  [[nodiscard]] std::vector<std::string> checksums(const std::string& id) const;

  /// The stored layer, in any state; null if there is none.
  [[nodiscard]] std::unique_ptr<StoredFile> open_layer(const std::string& id) const;

  /// Whether the checksum is a bare string, as old versions of docker-registry recorded it.
  [[nodiscard]] bool has_old_checksum(const std::string& id) const;

  /// Time of the last change of the image, in any state; nothing if it has no folder.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& id) const;

  /// Whether the image is marked for its removal, by any process. One read.
  [[nodiscard]] bool is_being_removed(const std::string& id) const;

  /// Whether only remains of the image are there: those of an interrupted ImageWriter::remove(), or
  /// an empty folder. No upload needs them, however recent they are.
  [[nodiscard]] bool is_remnant(const std::string& id) const;

  /// Calls `on_id` for each folder in images/ whose name is an ID, in no order.
  void for_each_image(const std::function<void(const std::string&)>& on_id) const;

  class ImageWriter; ///< v1_image_writer.hpp
  /// Opens the image for writing. No other writer, in this process or another, can have it until
  /// the result is destroyed. Waits for another writer up to `patience`, then returns null.
  [[nodiscard]] std::unique_ptr<ImageWriter> write_image(const std::string& id,
                                                         std::chrono::milliseconds patience);

  // --- repositories ---

  /// Calls `on_name` for each repository, in no order ("library/app", "team/deep/name").
  void for_each_repository(const std::function<void(const std::string&)>& on_name) const;

  /// for_each_repository() in two steps: the namespaces ("team"), and the repositories of one.
  void for_each_namespace(const std::function<void(const std::string&)>& on_namespace) const;
  void for_each_repository_in(const std::string& space,
                              const std::function<void(const std::string&)>& on_name) const;
  /// Calls `on_path` for each file or folder that stands in the place of an image, repository or
  /// tag but has no valid name of one ("repositories/team/deep%2Fname",
  /// "repositories/team/app/tag_1.0+build"). Listings and tags() skip those.
  void for_each_stray(const std::function<void(const std::string& path)>& on_path) const;
  /// for_each_stray() for one repository.
  void for_each_stray_in(const std::string& name,
                         const std::function<void(const std::string& path)>& on_path) const;
  /// Opaque; it changes when a repository is added to the namespace or removed. Empty if there is
  /// no such namespace, or if it changed so recently that a further change might give the same
  /// version.
  [[nodiscard]] std::string namespace_version(const std::string& space) const;
  /// The version of a repository: it changes when a file comes into it or is removed. Empty as
  /// namespace_version() is.
  [[nodiscard]] std::string repository_version(const std::string& name) const;

  [[nodiscard]] bool has_repository(const std::string& name) const;

  /// The repository's tags; nothing if there is no such repository. A tag whose file holds no ID
  /// has none; overwritten_tags() are left out.
  [[nodiscard]] std::optional<V1Tags> tags(const std::string& name) const;
  /// Names like "X_json" whose file holds no ID, in a repository with a tag "_X". docker-registry
  /// 0.9 writes the properties of "_X" into the file of the tag "X_json": that tag was never
  /// pushed, or is lost.
  [[nodiscard]] std::vector<std::string> overwritten_tags(const std::string& name) const;
  /// How many tags a repository has, without reading them.
  [[nodiscard]] std::size_t count_tags(const std::string& name) const;
  /// The ID that the tag names; nothing if there is no such tag or its file holds no ID. Throws
  /// Error{protocol} for a file that leads out of the tree, or is not a regular file.
  [[nodiscard]] std::optional<std::string> find_tag(const std::string& name,
                                                    const std::string& tag) const;

  /// Points `tag` at `id`, without looking whether the image is there. `properties` is the JSON
  /// that docker-registry keeps beside a tag (print_tag_properties).
  void put_tag(const std::string& name, const std::string& tag, const std::string& id,
               const std::string& properties);
  bool remove_tag(const std::string& name, const std::string& tag);
  bool remove_repository(const std::string& name);

  /// The content of `_index_images`, the JSON list of all images ever pushed to the repository;
  /// nothing if there is none.
  [[nodiscard]] std::optional<std::string> index_images(const std::string& name) const;
  /// Streaming variant.
  [[nodiscard]] std::unique_ptr<StoredFile> open_index_images(const std::string& name) const;

  /// Adds images to that list and keeps its other entries; creates the repository if needed. `sums`
  /// has a checksum or "" for each ID, or is empty. Throws Error{unsupported} if the list would
  /// become too long to be read again.
  void add_index_images(const std::string& name, const std::vector<std::string>& ids,
                        const std::vector<std::string>& sums);

  /// Removes from that list the images for which `is_wanted` returns false; returns their number.
  std::size_t prune_index_images(const std::string& name,
                                 const std::function<bool(const std::string& id)>& is_wanted);

  /// The properties as JSON, of the tag or, if `tag` is empty, of the repository. Nothing if there
  /// are none.
  [[nodiscard]] std::optional<std::string> properties(const std::string& name,
                                                      const std::string& tag) const;
  [[nodiscard]] bool is_private(const std::string& name) const;
  void set_private(const std::string& name, bool is_private);

  /// The repository as a store for copies. Keeps the tree open.
  [[nodiscard]] std::unique_ptr<V1Repository> repository(const std::string& name);

  /// The whole tree as one read-only store, whose tags are full names ("team/app:1.0").
  [[nodiscard]] std::unique_ptr<V1Repository> all_repositories();

  // --- the whole ---

  /// The tree as it is now, for work that looks at all of it (StorageTree::snapshot); this object
  /// itself where that saves nothing.
  [[nodiscard]] std::shared_ptr<const V1Storage> snapshot() const;
  /// A snapshot of repositories and tags alone.
  [[nodiscard]] std::shared_ptr<const V1Storage> snapshot_of_tags() const;

  /// The time by the clock of last_change().
  [[nodiscard]] std::chrono::system_clock::time_point now() const;

  /// Whether lock_exclusively() and write_image() keep out other processes. If not, only what is
  /// old enough to be no other process's work may be removed.
  [[nodiscard]] bool keeps_out_other_processes() const noexcept;

  /// Free space of the tree's file system; nothing if it is unknown.
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const;

  /// StorageTree::note_on_removals().
  [[nodiscard]] std::string note_on_removals() const;

  /// Keeps all writers out until the result is destroyed. Null while another writer has the tree; a
  /// server is one as long as it runs.
  class Exclusive;
  [[nodiscard]] std::unique_ptr<Exclusive> lock_exclusively();

  /// Registers this object as a writer until it is destroyed, so that lock_exclusively() of other
  /// processes fails. All writing functions call it. Throws Error{unavailable} while a process has
  /// locked the tree exclusively.
  void lock_for_writing();

  /// Calls `on_file` for each half-written file, of a writer that was killed or is still at work.
  /// (The next writer of the same image or repository removes those of killed writers.)
  void for_each_unfinished(const std::function<void(const UnfinishedFile&)>& on_file) const;
  void remove_unfinished(const UnfinishedFile& file);

  /// Throws Error{usage} for an impossible repository name: "", "..", control characters, more than
  /// 255 bytes as the name of its folder.
  static void check_name(std::string_view name);

private:
  explicit V1Storage(std::unique_ptr<StorageTree> tree);
  friend class ImageWriter;
  struct Known;
  [[nodiscard]] Known look(const std::string& id) const;
  [[nodiscard]] std::optional<std::string> read_part(const std::string& id, std::string_view part,
                                                     std::uint64_t limit_bytes) const;
  [[nodiscard]] std::optional<std::string> read_part(const FolderView& image, const std::string& id,
                                                     const std::string& part,
                                                     std::uint64_t limit_bytes) const;

  class OpenTree;
  std::unique_ptr<OpenTree> open_;
};

class V1Storage::Exclusive {
public:
  ~Exclusive();
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

private:
  friend class V1Storage;
  explicit Exclusive(std::shared_ptr<V1Storage> storage) : storage_(std::move(storage)) {}
  std::shared_ptr<V1Storage> storage_; // shared: the lock may outlive all other users of the tree
};

/// The properties that docker-registry keeps beside a tag, for V1Storage::put_tag(): JSON with the
/// present time, and the versions in the User-Agent of an engine ("docker/1.6.2 go/go1.4.2
/// git-commit/7c8fca2 kernel/3.19.0 os/linux arch/amd64"). Source: docker-registry 0.9.1.
std::string print_tag_properties(std::string_view user_agent);

} // namespace regctl
