// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/image_memory.hpp"

#include <utility>

namespace regctl {

namespace {

constexpr std::chrono::minutes k_holds{10};
constexpr std::chrono::minutes k_mark_holds{1}; // others may take it over after two
constexpr std::size_t k_text_limit_bytes = 16 * 1024;
constexpr std::size_t k_texts_limit_bytes = 16 * 1024 * 1024;

std::string key_of(const std::string& id, std::string_view part) {
  return id + "/" + std::string(part);
}

} // namespace

std::optional<ImageMemory::Text> ImageMemory::find_text(const std::string& id,
                                                        std::string_view part) {
  if (!is_on_) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  const auto* found = texts_.find(key_of(id, part));
  return found != nullptr && Clock::now() - found->since < k_holds ? std::optional(found->text)
                                                                   : std::nullopt;
}

void ImageMemory::put_text(const std::string& id, std::string_view part, Text text) {
  if (!is_on_) {
    return;
  }
  if (text.content.size() > k_text_limit_bytes) {
    forget_text(id, part);
    return;
  }
  const auto key = key_of(id, part);
  const std::lock_guard lock(mutex_);
  erase_text(key);
  text_bytes_ += text.content.size();
  while (text_bytes_ > k_texts_limit_bytes || texts_.size() >= k_most_texts) {
    text_bytes_ -= texts_.entries().front().second.text.content.size();
    texts_.erase_oldest();
  }
  texts_.put(key, {std::move(text), Clock::now()});
}

void ImageMemory::forget_text(const std::string& id, std::string_view part) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    erase_text(key_of(id, part));
  }
}

void ImageMemory::erase_text(const std::string& key) {
  if (const auto* found = texts_.find(key)) {
    text_bytes_ -= found->text.content.size();
    texts_.erase(key);
  }
}

std::optional<ImageMemory::Upload> ImageMemory::find_upload(const std::string& id) {
  if (!is_on_) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  const auto* found = uploads_.find(id);
  return found != nullptr && Clock::now() - found->since < k_mark_holds
             ? std::optional(found->upload)
             : std::nullopt;
}

void ImageMemory::put_upload(const std::string& id, const Upload& upload) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    uploads_.put(id, {upload, Clock::now()});
  }
}

void ImageMemory::renew_upload(const std::string& id, const Upload& otherwise) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    const auto* found = uploads_.find(id);
    uploads_.put(id, {found != nullptr ? found->upload : otherwise, Clock::now()});
  }
}

void ImageMemory::add_part(const std::string& id, bool Upload::*part) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    if (auto* found = uploads_.find(id)) {
      found->upload.*part = true;
    }
  }
}

std::optional<ImageMemory::Whole> ImageMemory::find_whole(const std::string& id) {
  if (!is_on_) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  const auto* found = wholes_.find(id);
  return found != nullptr && Clock::now() - found->since < k_holds ? std::optional(found->whole)
                                                                   : std::nullopt;
}

void ImageMemory::put_whole(const std::string& id, const Whole& whole) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    wholes_.put(id, {whole, Clock::now()});
  }
}

void ImageMemory::add_layer(const std::string& id, std::uint64_t size_bytes) {
  if (is_on_) {
    const std::lock_guard lock(mutex_);
    if (auto* found = uploads_.find(id)) {
      found->upload.has_layer = true;
      found->upload.layer_size_bytes = size_bytes;
    }
  }
}

void ImageMemory::complete_upload(const std::string& id) {
  if (!is_on_) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto* found = uploads_.find(id);
  if (found != nullptr && found->upload.layer_size_bytes) {
    wholes_.put(id, {{*found->upload.layer_size_bytes, {}, true}, Clock::now()});
  }
  uploads_.erase(id);
}

void ImageMemory::forget(const std::string& id) {
  if (!is_on_) {
    return;
  }
  const std::lock_guard lock(mutex_);
  uploads_.erase(id);
  wholes_.erase(id);
  for (const auto* part : {"json", "ancestry", "_checksum"}) {
    erase_text(key_of(id, part));
  }
}

} // namespace regctl
