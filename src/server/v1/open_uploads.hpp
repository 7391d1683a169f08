// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace regctl::server {

/// Time that a client waits for another one that writes the same image; then it gets a 409.
inline constexpr auto k_writer_patience = std::chrono::minutes(10);

/// Keeps track of the running uploads, by image: the protocol names the image in each step, but not
/// the client. If several clients push one image at the same time, each replaces the data of the
/// others, and the first right checksum completes the image. This class knows that other clients
/// still have steps to make. Those are answered with success if their bytes equal the stored ones,
/// because engines treat a 409 there as a failure. Bounded: the image whose uploads began first is
/// forgotten first. Thread-safe.
class OpenUploads {
public:
  /// A JSON was stored: its client must send the layer next.
  void take_json(const std::string& id);

  /// Whether a client has stored a JSON and not sent the layer yet.
  [[nodiscard]] bool is_layer_owed(const std::string& id) const;

  /// A layer was stored, with this checksum (together with the JSON): its client must send the
  /// checksum next.
  void take_layer(const std::string& id, const std::string& checksum);

  /// Whether a client was to send this checksum; from now on it is not.
  bool take_checksum(const std::string& id, const std::string& checksum);

private:
  struct Image {
    std::size_t jsons = 0;                   ///< stored JSONs whose layers have not been sent
    std::map<std::string, std::size_t> sums; ///< stored layers: clients yet to send it
  };

  static constexpr std::size_t k_image_limit = 4096;

  mutable std::mutex mutex_; ///< guards the members below
  LimitedMap<Image> images_{k_image_limit};
};

} // namespace regctl::server
