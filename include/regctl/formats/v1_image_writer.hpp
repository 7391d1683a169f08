// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/formats/storage_tree.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace regctl {

/// Writes one image, in the protocol's order: JSON, layer, checksum. The image is durable only
/// after complete(). Not thread-safe.
class V1Storage::ImageWriter {
public:
  ~ImageWriter();
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  [[nodiscard]] V1ImageState state() const;
  [[nodiscard]] bool has_layer() const;

  /// Optional, before put_json(): keeps out other processes where the writer alone does not, as in
  /// a bucket. Returns false if one of them has just begun to upload the image; write_image() waits
  /// for it.
  [[nodiscard]] bool claim();
  /// Takes claim() back if nothing of the image was changed since, so that it counts as before.
  void release();

  enum class JsonOutcome {
    stored,
    no_parent, ///< the parent has no JSON here
    overtaken, ///< another process has completed the image meanwhile; it is as that one left it
  };
  /// Marks the image as being uploaded, then stores its JSON and its ancestry. `json` must be that
  /// of this image, else Error{protocol}. Throws Error{unavailable} if another process has just
  /// begun to upload it.
  [[nodiscard]] JsonOutcome put_json(const std::string& json);

  /// A layer that is being written: its bytes are hashed, and written to a file without a name.
  class Layer : public Sink {
  public:
    ~Layer() override;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;
    void write(std::span<const std::byte> bytes) override;
    [[nodiscard]] std::uint64_t size_bytes() const noexcept;

    /// Optional, before the first write(): lets the layer become a copy of `file`, which is made
    /// without moving its bytes (StorageFolder::copy_file()). What is written from then on is only
    /// hashed: it has to be the bytes of `file`. Returns false, and changes nothing, if no such
    /// copy can be made.
    [[nodiscard]] bool copy_from(std::shared_ptr<const StoredFile> file);

    /// Like commit(), after copy_from() and no write(): nobody has read the bytes. Records `sums`,
    /// the recorded checksums of `file`.
    void commit_unread(const std::vector<std::string>& sums);

    /// Optional: opens the bytes that have been written, like StorageUpload::written_bytes().
    [[nodiscard]] OpenSource written_bytes() const;

    /// Gives the layer its name, records its checksum and returns it ("sha256:" and hex). Call it
    /// once.
    std::string commit();

  private:
    friend class ImageWriter;
    Layer(ImageWriter& writer, std::unique_ptr<StorageUpload> upload, const std::string& json);

    void make_copy();
    void record(const std::vector<std::string>& sums, std::uint64_t size_bytes);

    ImageWriter& writer_;
    std::unique_ptr<StorageUpload> upload_;    ///< null if the layer becomes a copy
    std::shared_ptr<const StoredFile> copied_; ///< of this file; else null
    std::uint64_t size_bytes_ = 0;
    Sha256 payload_;
  };

  /// Begins the image's layer; null if the image has no JSON yet. The writer must outlive the
  /// result.
  std::unique_ptr<Layer> start_layer();

  /// Whether `checksum` is one of the recorded checksums of the JSON and layer that are stored now.
  [[nodiscard]] bool is_right(const std::string& checksum) const;

  /// Makes the image complete and durable: from now on readers see it, even after a loss of power.
  /// Does not compare checksums: call is_right() first if the client sent one. Throws
  /// Error{unavailable} if another process has taken over an upload that made no progress.
  void complete();

  /// Makes a complete image an upload that begins anew: readers no longer see it, and put_json()
  /// and the layer replace what is there. Throws as put_json().
  void start_over();

  /// Replace the recorded ancestry or checksums; for repairs.
  void put_ancestry(const std::vector<std::string>& ids);
  void put_checksums(const std::vector<std::string>& sums);

  /// Removes the image; its children must have been removed before. If interrupted, the rest counts
  /// as a dead upload, and is_remnant() is true for it. Returns false if another process has taken
  /// the image for an upload of its own since condemn(); nothing of it was removed then.
  bool remove();

  /// The first step of remove(): from now on the image counts as removed. Throws as put_json().
  void condemn();
  /// Takes that back, unless another process has taken the image for an upload of its own.
  void reprieve();

private:
  friend class V1Storage;
  ImageWriter(V1Storage& storage, std::string id, std::unique_ptr<StorageFolder> folder,
              std::unique_ptr<FolderView> seen, bool is_held);
  [[nodiscard]] std::optional<std::string> json() const;
  [[nodiscard]] bool store_json(const std::string& json);
  void hold_mark();
  void keep_mark_young();
  [[nodiscard]] std::optional<std::vector<std::string>>
  chain_above(const std::optional<std::string>& parent) const;
  void settle_ancestry();
  [[nodiscard]] bool try_to_mark();
  [[nodiscard]] bool put_first_mark();
  [[nodiscard]] bool gives_way();
  [[nodiscard]] bool is_still_condemned();
  void mark();
  void forget_checksum();
  void put_part(const std::string& part, const std::string& text);

  V1Storage& storage_; // must outlive this
  std::string id_;
  std::unique_ptr<StorageFolder> folder_; // leased
  std::unique_ptr<FolderView> seen_;      // what was there; null if looking again costs little
  bool is_held_ = false; ///< the mark is there and that of this process, where processes matter
  bool is_condemned_ = false;
  bool was_marked_ = false;  ///< before it was claimed or condemned
  bool has_written_ = false; ///< a file of the image, since it was opened
};

} // namespace regctl
