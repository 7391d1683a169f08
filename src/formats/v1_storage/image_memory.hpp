// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

/// What is known of images in a tree where each question costs a request: small files that were
/// read or written, and uploads of this process. Files of an image rarely change once they are
/// there, and are forgotten after ten minutes all the same. Thread-safe.
class ImageMemory {
public:
  /// One that is off remembers nothing.
  explicit ImageMemory(bool is_on) : is_on_(is_on) {}
  [[nodiscard]] bool is_on() const noexcept { return is_on_; }

  struct Text {
    std::string content;
    std::string version; ///< empty: written by this process, which did not look
  };
  /// What was read or written of an image's file.
  [[nodiscard]] std::optional<Text> find_text(const std::string& id, std::string_view part);
  void put_text(const std::string& id, std::string_view part, Text text);
  /// Forgets it, since the file was removed.
  void forget_text(const std::string& id, std::string_view part);

  /// How far this process has got with an upload that it has marked.
  struct Upload {
    bool has_json = false;
    bool has_layer = false;
    bool has_checksum = false;
    std::optional<std::uint64_t> layer_size_bytes = {}; ///< of the layer that this process wrote
  };
  /// The upload, if its mark was put so recently that it keeps other processes out.
  [[nodiscard]] std::optional<Upload> find_upload(const std::string& id);
  /// Remembers an upload whose mark was just put.
  void put_upload(const std::string& id, const Upload& upload);
  /// Remembers that this process has put its mark again. If the upload was forgotten meanwhile,
  /// `otherwise` are the parts of it that may be there.
  void renew_upload(const std::string& id, const Upload& otherwise);
  /// Remembers that a part of the upload is there; nothing if the upload is not remembered.
  void add_part(const std::string& id, bool Upload::*part);
  void add_layer(const std::string& id, std::uint64_t size_bytes);
  /// Remembers that the upload's mark was removed.
  void complete_upload(const std::string& id);

  /// A complete image.
  struct Whole {
    std::uint64_t layer_size_bytes = 0;
    std::string layer_version; ///< empty: not known
    /// Completed by this process. Nobody removes so young an image, so that it need not be looked
    /// for again.
    bool is_own = false;
  };
  [[nodiscard]] std::optional<Whole> find_whole(const std::string& id);
  void put_whole(const std::string& id, const Whole& whole);

  /// Forgets all of the image.
  void forget(const std::string& id);

private:
  void erase_text(const std::string& key); // with the lock held

  using Clock = std::chrono::steady_clock;
  struct Remembered {
    Text text;
    Clock::time_point since;
  };
  struct Marked {
    Upload upload;
    Clock::time_point since; ///< when the mark was put
  };
  struct Complete {
    Whole whole;
    Clock::time_point since;
  };

  static constexpr std::size_t k_most_texts = 100'000;
  static constexpr std::size_t k_most_uploads = 10'000;
  static constexpr std::size_t k_most_wholes = 20'000;

  bool is_on_;
  std::mutex mutex_; ///< guards what follows
  LimitedMap<Remembered> texts_{k_most_texts};
  std::size_t text_bytes_ = 0;
  LimitedMap<Marked> uploads_{k_most_uploads};
  LimitedMap<Complete> wholes_{k_most_wholes};
};

} // namespace regctl
