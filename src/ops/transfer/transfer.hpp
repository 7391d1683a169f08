// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/made_image.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A unit that moves as a whole: a v1 image with its layer, or a blob. `key` names it at the
/// destination independently of tags. Each key is moved once per run.
struct Item {
  std::string key;
  std::optional<std::uint64_t> size_bytes; ///< of the bytes that travel, if known
  bool is_verified = true;                 ///< the source has a checksum, which the move verifies
};

/// One tag on its way, in the terms of a protocol that only its passage knows. The engine asks for
/// the items, has each moved once, by this transfer or by another one that needs the same key, and
/// calls finish() when all are there. Calls may come from any thread and, for different items, at
/// the same time.
class Transfer {
public:
  virtual ~Transfer() = default;

  /// The items of the tag, in an order in which they may be moved: an item depends only on earlier
  /// ones. Reads the source's documents and throws their faults. Called once, before all other
  /// calls.
  virtual std::vector<Item> items() = 0;

  struct Moved {
    bool was_there = false;
    std::uint64_t bytes = 0; ///< the bytes that travelled
  };
  /// Moves items()[index] and verifies it. Calls begin in order. A call waits for the items it
  /// depends on if the protocol needs them at the destination first.
  virtual Moved move(std::size_t index) = 0;

  /// Another transfer has moved this item's key; calls of move() that wait for it go on.
  virtual void moved_elsewhere(std::size_t index) = 0;

  /// Ends a failed transfer: every move() that waits, and every later one, throws `reason`.
  virtual void abandon(std::exception_ptr reason) noexcept = 0;

  /// Points the tag at the moved items. Nothing is visible under the tag before.
  virtual void finish() = 0;

  /// What finish() made, where it converted a v1 image; null otherwise.
  [[nodiscard]] virtual std::shared_ptr<const MadeImage> made() const = 0;

  /// The v1 images under the tag after finish(), where they were made from an OCI image; nothing
  /// otherwise.
  [[nodiscard]] virtual std::optional<MadeChain> made_chain() const { return std::nullopt; }
};

} // namespace regctl::ops
