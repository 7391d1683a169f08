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
///     repositories/NAMESPACE/NAME/{tag_TAG,tagTAG_json,_index_images,json,_private}
///
/// What is written here the original reads, and the reverse. Every file is written beside its name,
/// fsynced and renamed, its folder fsynced before it counts; an image is there (complete) only once
/// its checksum was right, so that a tree is always as before or as after. Nothing is followed out
/// of the folder.
///
/// A repository's name has its namespace: "team/app", "library/app" ("app" is taken for that), and
/// "team/deep/name", whose namespace is "team". Thread-safe; several processes may write at once.
class V1Storage : public std::enable_shared_from_this<V1Storage> {
public:
  enum class Missing { error, create };

  /// Opens a tree. A folder that is absent or empty is Error{not_found} or, with `create`, becomes
  /// one; any other folder without images/ and repositories/ is Error{protocol}.
  static std::shared_ptr<V1Storage> open(const std::string& folder,
                                         Missing missing = Missing::error);
  ~V1Storage();
  V1Storage(const V1Storage&) = delete;
  V1Storage& operator=(const V1Storage&) = delete;

  [[nodiscard]] const std::string& folder() const noexcept;

  // --- images ---

  enum class ImageState {
    absent,      ///< no JSON
    in_progress, ///< its upload is not complete: marked so, or without a layer
    complete,
  };
  [[nodiscard]] ImageState image_state(const std::string& id) const;

  /// A complete image. Nothing in every other state. Throws Error{protocol} for hostile files.
  [[nodiscard]] std::optional<V1Image> find_image(const std::string& id) const;

  /// The JSON, whatever the state.
  [[nodiscard]] std::optional<std::string> image_json(const std::string& id) const;

  /// As recorded; nothing if missing, malformed or longer than k_max_chain.
  [[nodiscard]] std::optional<std::vector<std::string>> ancestry(const std::string& id) const;

  /// The IDs from `id` down to its base, child first, followed from parent to parent whatever is
  /// recorded: each JSON is read. Nothing if one is missing or malformed, or if the parents form a
  /// loop or more than k_max_chain.
  [[nodiscard]] std::optional<std::vector<std::string>> chain(const std::string& id) const;

  /// The same, believing a recorded ancestry that begins as the image's own JSON says.
  [[nodiscard]] std::optional<std::vector<std::string>> likely_chain(const std::string& id) const;

  /// Whether the image bears the mark of an upload that is not complete.
  [[nodiscard]] bool is_marked(const std::string& id) const;

  /// Payload checksums as recorded: a list, in old trees one bare string. Empty if none is.
  [[nodiscard]] std::vector<std::string> checksums(const std::string& id) const;

  /// The stored bytes, whatever the state; nothing if there are none.
  [[nodiscard]] std::unique_ptr<StoredFile> open_layer(const std::string& id) const;

  /// Whether the checksum is a bare string, as old versions of docker-registry recorded it.
  [[nodiscard]] bool has_old_checksum(const std::string& id) const;

  /// When something of the image was last written, whatever its state; nothing if it has no folder.
  [[nodiscard]] std::optional<std::chrono::system_clock::time_point>
  last_change(const std::string& id) const;

  /// Whether all that is there of the image is what ImageWriter::remove() leaves when it is
  /// interrupted, or a folder in which nothing was written: nobody's, however new it is.
  [[nodiscard]] bool is_remnant(const std::string& id) const;

  /// Calls `on_id` for each folder in images/ that is named by an ID, in no order.
  void for_each_image(const std::function<void(const std::string&)>& on_id) const;

  class ImageWriter; ///< v1_image_writer.hpp
  /// Takes the image for writing: no other writer, in this process or another, has it until the
  /// result is gone. Waits for that up to `patience`; nothing if that was not enough.
  [[nodiscard]] std::unique_ptr<ImageWriter> write_image(const std::string& id,
                                                         std::chrono::milliseconds patience);

  // --- repositories ---

  /// Calls `on_name` for each repository, in no order ("library/app", "team/deep/name").
  void for_each_repository(const std::function<void(const std::string&)>& on_name) const;

  /// The same in two steps: the namespaces ("team"), and the repositories of one.
  void for_each_namespace(const std::function<void(const std::string&)>& on_namespace) const;
  void for_each_repository_in(const std::string& space,
                              const std::function<void(const std::string&)>& on_name) const;
  /// Calls `on_path` for each folder or file where images, repositories and their tags lie that the
  /// above and tags() pass over, because no ID, name or tag is written so
  /// ("repositories/team/deep%2Fname", "repositories/team/app/tag_1.0+build").
  void for_each_stray(const std::function<void(const std::string& path)>& on_path) const;
  /// Those of one repository alone.
  void for_each_stray_in(const std::string& name,
                         const std::function<void(const std::string& path)>& on_path) const;
  /// Opaque: equal as long as no repository came into the namespace or went from it. Empty if it is
  /// not there, or has changed just now, so that another change could not be told from that.
  [[nodiscard]] std::string namespace_version(const std::string& space) const;
  /// Likewise of the files of a repository.
  [[nodiscard]] std::string repository_version(const std::string& name) const;

  [[nodiscard]] bool has_repository(const std::string& name) const;

  /// Nothing if there is no such repository. A tag whose file does not hold an ID has none; what
  /// overwritten_tags() are is left out.
  [[nodiscard]] std::optional<V1Tags> tags(const std::string& name) const;
  /// The names "X_json" whose files hold no ID beside a tag "_X": docker-registry 0.9 writes the
  /// properties of the one into the file of the other, so that none was pushed, or it is lost.
  [[nodiscard]] std::vector<std::string> overwritten_tags(const std::string& name) const;
  /// How many tags a repository has, without reading them.
  [[nodiscard]] std::size_t count_tags(const std::string& name) const;
  /// Throws Error{protocol} for a file that leads out of the tree, or is none.
  [[nodiscard]] std::optional<std::string> find_tag(const std::string& name,
                                                    const std::string& tag) const;

  /// Points `tag` at `id`; whether the image is there is for the caller to know. `properties` is
  /// what the original keeps beside a tag, JSON.
  void put_tag(const std::string& name, const std::string& tag, const std::string& id,
               const std::string& properties);
  bool remove_tag(const std::string& name, const std::string& tag);
  bool remove_repository(const std::string& name);

  /// `_index_images`, the JSON list of all images ever pushed to the repository, or nothing.
  [[nodiscard]] std::optional<std::string> index_images(const std::string& name) const;
  /// Streaming variant.
  [[nodiscard]] std::unique_ptr<StoredFile> open_index_images(const std::string& name) const;

  /// Adds images to that list, keeping what is in it; makes the repository. `sums` has a checksum
  /// or "" for each ID, or is empty. Throws Error{unsupported} where the list would become longer
  /// than can be read again.
  void add_index_images(const std::string& name, const std::vector<std::string>& ids,
                        const std::vector<std::string>& sums);

  /// Takes out of that list the images that `is_wanted` says no to; returns how many.
  std::size_t prune_index_images(const std::string& name,
                                 const std::function<bool(const std::string& id)>& is_wanted);

  /// Properties as JSON: of the tag, or of the repository (`tag` empty). Nothing if not there.
  [[nodiscard]] std::optional<std::string> properties(const std::string& name,
                                                      const std::string& tag) const;
  [[nodiscard]] bool is_private(const std::string& name) const;
  void set_private(const std::string& name, bool is_private);

  /// The repository as a store for copies. Keeps the tree open.
  [[nodiscard]] std::unique_ptr<V1Repository> repository(const std::string& name);

  /// The whole tree as one store, whose tags are full names ("team/app:1.0"). It cannot be written.
  [[nodiscard]] std::unique_ptr<V1Repository> all_repositories();

  // --- the whole ---

  /// How much can still be written to the tree's file system; nothing where it does not tell.
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const;

  /// Keeps everybody else from writing until the result is gone; nothing if a writer is at work (a
  /// server holds the tree as long as it runs).
  class Exclusive;
  [[nodiscard]] std::unique_ptr<Exclusive> lock_exclusively();

  /// Says that this process writes, until this object goes: what lock_exclusively() elsewhere asks.
  /// Every writing function does so itself. Throws Error{unavailable} while somebody has the tree
  /// exclusively.
  void lock_for_writing();

  /// Calls `on_file` for each file that a writer left behind half written when it was killed, or
  /// that one is writing now. (Whoever writes to the same image or repository next removes those.)
  void for_each_unfinished(const std::function<void(const UnfinishedFile&)>& on_file) const;
  void remove_unfinished(const UnfinishedFile& file);

  /// Throws Error{usage} for a name that no repository can have ("", "..", control characters, over
  /// 255 bytes as it is written).
  static void check_name(std::string_view name);

private:
  explicit V1Storage(std::unique_ptr<StorageTree> tree);
  friend class ImageWriter;
  [[nodiscard]] std::optional<std::string> read_part(const std::string& id, std::string_view part,
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
  std::shared_ptr<V1Storage> storage_; // shared: whoever locks may be the last to hold the tree
};

/// The properties that docker-registry keeps beside a tag, as V1Storage::put_tag() takes them: JSON
/// with the time, and what the User-Agent of an engine tells ("docker/1.6.2 go/go1.4.2
/// git-commit/7c8fca2 kernel/3.19.0 os/linux arch/amd64"). Source: docker-registry 0.9.1.
std::string print_tag_properties(std::string_view user_agent);

} // namespace regctl
