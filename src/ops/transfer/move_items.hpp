// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/transfer/transfer.hpp"

#include <regctl/ops/session.hpp>

#include <cstdint>

namespace regctl::ops {

/// What became of the items of one tag.
struct MovedItems {
  std::uint64_t were_there = 0;
  std::uint64_t copied = 0;
  std::uint64_t bytes = 0;  ///< the bytes that travelled
  bool are_verified = true; ///< Item::is_verified of all of them
};

/// Moves all items of a tag in parallel, announces their sizes to the progress before, and finishes
/// the tag. An item that fails ends those that wait for it; the first failure is thrown, not the
/// later ones that it caused.
MovedItems move_items(Session& session, Transfer& transfer);

} // namespace regctl::ops
