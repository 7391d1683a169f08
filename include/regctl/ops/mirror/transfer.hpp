// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops::mirror {

struct PlannedTag;

/// Something that moves as one: a v1 image with its layer, a blob. `key` names it at the
/// destination whatever tag needs it: each key is moved once per run.
struct Item {
  std::string key;
  std::optional<std::uint64_t> size_bytes; ///< of what travels, where known
};

/// One tag on its way, in the terms of a protocol that only its maker knows. The engine asks for
/// the items, has each moved by one thread (this tag's or another's that needs it too), and ends
/// with finish() when all of them are there.
class Transfer {
public:
  virtual ~Transfer() = default;

  /// What the tag consists of, in the order in which it may be moved: an item depends only on those
  /// before it. Reads the source's documents; throws what is wrong with them.
  virtual std::vector<Item> items() = 0;

  enum class Outcome { moved, was_there };
  /// Moves items()[index], verified. Called on any thread, once for each key and run; all before it
  /// are there already. Returns the bytes that travelled in `bytes`.
  virtual Outcome move(std::size_t index, std::uint64_t& bytes) = 0;

  /// Points the tag at what was moved. Nothing is visible under the tag before.
  virtual void finish() = 0;
};

/// Makes the transfer of one planned tag (copy or update).
using OpenTransfer = std::function<std::unique_ptr<Transfer>(const PlannedTag& tag)>;

} // namespace regctl::ops::mirror
