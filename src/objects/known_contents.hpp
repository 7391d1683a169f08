// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// Contents of small objects by their ETags, so that a listing tells what was read before. The ETag
/// of a small object is the MD5 of its content, unless the server encrypts with keys of its
/// customers: then it is another number, which only reading can make known. Thread-safe.
class KnownContents {
public:
  /// Remembers a content that an object may have.
  void expect(std::string_view content);
  /// Remembers the content of an object.
  void learn(std::string_view etag, std::string_view content);
  /// The content of an object; nothing if it is not known.
  [[nodiscard]] std::optional<std::string> find(std::string_view etag, std::uint64_t size_bytes);

private:
  static constexpr std::size_t k_most_contents = 100'000;

  std::mutex mutex_; ///< guards the map
  LimitedMap<std::string> contents_{k_most_contents};
};

} // namespace regctl::objects
