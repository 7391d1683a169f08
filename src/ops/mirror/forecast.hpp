// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/passage/passage.hpp"

#include <regctl/base/seeded_hash.hpp>
#include <regctl/ops/mirror/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

namespace regctl::ops::mirror {

/// What carrying out a plan takes, tag by tag, from what is known of the items: each is counted for
/// the first tag that needs it, as it moves once. Not thread-safe.
///
/// Remembers the k_limit items that were needed last; of more, some are counted twice.
class Forecast {
public:
  /// The destination has this item.
  void hold(const Prospect& item);

  /// A tag needs this item: what that takes is added to `ahead`. The destination is taken to have
  /// what hold() and Prospect::is_there told, and nothing else.
  void need(const Prospect& item, Ahead& ahead);

  /// Of all items that several tags need, each counted once.
  [[nodiscard]] std::uint64_t shared_bytes() const noexcept { return shared_bytes_; }

  static constexpr std::size_t k_limit = 32'768;

private:
  enum class Standing {
    seen,
    there,   ///< at the destination
    planned, ///< moves for a tag
    shared,  ///< and is needed by another one
  };
  struct Entry {
    Standing standing = Standing::seen;
    bool is_looked_at = false; ///< by the run, for a tag before
    std::list<const std::string*>::iterator place;
  };

  Entry& find(const Prospect& item);

  std::unordered_map<std::string, Entry, SeededHash> entries_; // by key
  std::list<const std::string*> order_; // keys of entries_, the one needed last at the end
  std::uint64_t shared_bytes_ = 0;
};

} // namespace regctl::ops::mirror
