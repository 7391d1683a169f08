// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/passage.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/ops/mirror/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace regctl::ops::mirror {

/// Adds up the cost of a plan, tag by tag, as far as the items are known. Each item is counted for
/// the first tag that needs it, since it moves only once. Not thread-safe.
///
/// Remembers the k_limit items needed last. With more items, some are counted twice.
class Forecast {
public:
  /// Records that the destination has this item.
  void hold(const Prospect& item);

  /// Records that a tag needs this item, and adds its cost to `ahead`. Only items known from hold()
  /// or Prospect::is_there are assumed to be at the destination.
  void need(const Prospect& item, Ahead& ahead);

  /// The size of all items that several tags need, each counted once.
  [[nodiscard]] std::uint64_t shared_bytes() const noexcept { return shared_bytes_; }

  static constexpr std::size_t k_limit = 32'768;

private:
  enum class Standing {
    seen,
    there,   ///< at the destination
    planned, ///< moves for a tag
    shared,  ///< moves for one tag, and another one needs it too
  };
  struct Entry {
    Standing standing = Standing::seen;
    bool is_looked_at = false; ///< the run looks it up for an earlier tag
  };

  Entry& find(const Prospect& item);

  LimitedMap<Entry> entries_{k_limit}; // by key, the most recently needed last
  std::uint64_t shared_bytes_ = 0;
};

} // namespace regctl::ops::mirror
