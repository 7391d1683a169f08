// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace regctl::server {

/// The uploads that are under way, by image: the protocol names the image in each step, never the
/// client. Where several clients push one image at the same time, what one sends replaces what
/// another has sent, and the first right checksum completes the image. This tells who, after that,
/// still has a step to make, and is told that all is well where his bytes are those that are
/// stored: engines take 409 there for a failure. Bounded: the image whose uploads began longest ago
/// is forgotten first. Thread-safe.
class OpenUploads {
public:
  /// A JSON was stored: its client owes the layer.
  void take_json(const std::string& id);

  /// Whether a client was told that its JSON is stored, and has not sent the layer yet.
  [[nodiscard]] bool is_layer_owed(const std::string& id) const;

  /// A layer was taken that has this checksum with the JSON: its client owes that.
  void take_layer(const std::string& id, const std::string& checksum);

  /// Whether a client owed this checksum; it no longer does.
  bool take_checksum(const std::string& id, const std::string& checksum);

private:
  struct Image {
    std::size_t jsons = 0;                   ///< that were stored, and whose layer has not come
    std::map<std::string, std::size_t> sums; ///< of layers that were taken: how many clients owe it
  };

  static constexpr std::size_t k_image_limit = 4096;

  mutable std::mutex mutex_; ///< guards what follows
  LimitedMap<Image> images_{k_image_limit};
};

} // namespace regctl::server
