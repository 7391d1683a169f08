// SPDX-License-Identifier: Apache-2.0
#include "objects/known_contents.hpp"

#include <regctl/base/hash.hpp>

namespace regctl::objects {

namespace {

constexpr std::size_t k_longest_bytes = 64; // an image ID

} // namespace

void KnownContents::expect(std::string_view content) {
  learn(md5_hex(content), content);
}

void KnownContents::learn(std::string_view etag, std::string_view content) {
  if (content.size() <= k_longest_bytes && is_lower_hex(etag, k_md5_digits)) {
    const std::lock_guard lock(mutex_);
    contents_.put(etag, std::string(content));
  }
}

std::optional<std::string> KnownContents::find(std::string_view etag, std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  const auto* content = contents_.find(etag);
  return content != nullptr && content->size() == size_bytes ? std::optional(*content)
                                                             : std::nullopt;
}

} // namespace regctl::objects
