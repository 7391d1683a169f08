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

/// Writing one image, in the protocol's order. What is written is durable with complete(), not
/// before. Not thread-safe.
class V1Storage::ImageWriter {
public:
  ~ImageWriter();
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  [[nodiscard]] ImageState state() const;

  /// Marks the image as being uploaded, then stores its JSON and its ancestry. `id` must be the
  /// JSON's own; the parent's JSON must be there: false if it is not.
  bool put_json(const std::string& json);

  /// A layer under way: the bytes are hashed and written to a file without a name.
  class Layer : public Sink {
  public:
    ~Layer() override;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;
    void write(std::span<const std::byte> bytes) override;
    [[nodiscard]] std::uint64_t size_bytes() const noexcept;

    /// Optional: opens what was written so far, as StorageUpload::written_bytes() does.
    [[nodiscard]] OpenSource written_bytes() const;

    /// Gives the layer its name and records its checksum, which it returns ("sha256:" and hex).
    /// Once only.
    std::string commit();

  private:
    friend class ImageWriter;
    Layer(ImageWriter& writer, std::unique_ptr<StorageUpload> upload, const std::string& json);

    ImageWriter& writer_;
    std::unique_ptr<StorageUpload> upload_;
    Sha256 payload_;
  };

  /// Begins a layer of the image, whose JSON must be there (nothing if it is not). The writer must
  /// outlive the result.
  std::unique_ptr<Layer> start_layer();

  /// Whether `checksum` is that of the JSON and layer as they are stored now.
  [[nodiscard]] bool is_right(const std::string& checksum) const;

  /// Makes the image complete and durable: for readers it is there from now on, after a loss of
  /// power too. Whether the checksum is right is for the caller to have asked.
  void complete();

  /// Replaces the recorded ancestry or checksums; for repairs.
  void put_ancestry(const std::vector<std::string>& ids);
  void put_checksums(const std::vector<std::string>& sums);

  /// Removes the image; children must have gone before. Interrupted, what is left counts as an
  /// upload that was never completed, and is_remnant().
  void remove();

private:
  friend class V1Storage;
  ImageWriter(V1Storage& storage, std::string id, std::unique_ptr<StorageFolder> folder);
  [[nodiscard]] std::optional<std::vector<std::string>>
  chain_above(const std::optional<std::string>& parent) const;
  void settle_ancestry();
  void mark();
  void forget_checksum();

  V1Storage& storage_; // which must outlive this
  std::string id_;
  std::unique_ptr<StorageFolder> folder_; // leased
};

} // namespace regctl
