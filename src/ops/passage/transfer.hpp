// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// Something that moves as one: a v1 image with its layer, a blob. `key` names it at the
/// destination whatever tag needs it: each key is moved once per run.
struct Item {
  std::string key;
  std::optional<std::uint64_t> size_bytes; ///< of what travels, where known
  bool is_verified = true;                 ///< the source has a checksum that its move is held to
};

/// One tag on its way, in the terms of a protocol that only its passage knows. The engine asks for
/// the items, has each moved once, by this transfer or by another that needs the same key, and ends
/// with finish() when all of them are there. Calls may come from any thread and, for different
/// items, at the same time.
class Transfer {
public:
  virtual ~Transfer() = default;

  /// What the tag consists of, in the order in which it may be moved: an item depends only on those
  /// before it. Reads the source's documents; throws what is wrong with them. Called once, first.
  virtual std::vector<Item> items() = 0;

  struct Moved {
    bool was_there = false;
    std::uint64_t bytes = 0; ///< that travelled
  };
  /// Moves items()[index], verified. Begun in order; waits inside for those before it where the
  /// protocol wants them to be there first.
  virtual Moved move(std::size_t index) = 0;

  /// Another transfer has moved this item's key; what waits for it inside move() goes on.
  virtual void moved_elsewhere(std::size_t index) = 0;

  /// Says that an item failed: every move() that waits, and every later one, throws `reason`.
  virtual void abandon(std::exception_ptr reason) noexcept = 0;

  /// Points the tag at what was moved. Nothing is visible under the tag before.
  virtual void finish() = 0;
};

} // namespace regctl::ops
