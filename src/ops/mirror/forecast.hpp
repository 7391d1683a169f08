// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>
#include <regctl/ops/mirror/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace regctl::ops::mirror {

/// What carrying out a plan takes, tag by tag, from what is known of the images: each is counted
/// for the first tag that needs it, as it moves once. Asks nobody. Not thread-safe.
///
/// Remembers the k_limit images that were needed last; of more, some are counted twice.
class Forecast {
public:
  /// Whether a side is reached by requests.
  enum class Side { local, remote };

  Forecast(Side source, Side destination) : source_(source), destination_(destination) {}

  struct Known {
    std::optional<std::uint64_t> size_bytes; ///< of the layer
    std::string parent;                      ///< empty for a base image
    bool is_there = false;                   ///< at the destination
  };
  /// What is known of an image; nothing if nothing is. Called once for an image that is known, as
  /// long as it is remembered.
  using LookUp = std::function<std::optional<Known>(const std::string& id)>;

  /// The destination has this image and all below it.
  void add_there(const std::string& id, const LookUp& look_up);

  /// A tag is to be pointed at this image. The destination is taken to have what add_there() and
  /// Known::is_there told, and nothing else.
  Ahead add_transfer(const std::string& id, const LookUp& look_up);

  /// A tag is to be removed.
  [[nodiscard]] Ahead add_removal() const;

  /// Of all images that several transfers need, each counted once.
  [[nodiscard]] std::uint64_t shared_bytes() const noexcept { return shared_bytes_; }

  static constexpr std::size_t k_limit = 32'768;

private:
  enum class State {
    seen,
    there,   ///< at the destination
    planned, ///< moves for a tag
    shared,  ///< and is needed by another one
  };
  struct Image {
    std::optional<Known> known;
    State state = State::seen;
    bool is_looked_at = false; ///< by the run, for a tag before
    std::list<const std::string*>::iterator place;
  };

  Image& find(const std::string& id, const LookUp& look_up);
  void need(Image& image, Ahead& ahead);
  [[nodiscard]] std::uint64_t requests(std::uint64_t of_source,
                                       std::uint64_t of_destination) const noexcept;

  const Side source_;
  const Side destination_;
  std::unordered_map<std::string, Image, SeededHash> images_;
  std::list<const std::string*> order_; // keys of images_, the one needed last at the end
  std::uint64_t shared_bytes_ = 0;
};

} // namespace regctl::ops::mirror
