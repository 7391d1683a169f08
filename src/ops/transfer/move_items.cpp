// SPDX-License-Identifier: Apache-2.0
#include "ops/transfer/move_items.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/quantity.hpp>

#include <exception>
#include <mutex>

namespace regctl::ops {

MovedItems move_items(Session& session, Transfer& transfer) {
  const auto items = transfer.items();
  MovedItems result;
  SizeSum sizes;
  for (const auto& item : items) {
    sizes.add(item.size_bytes);
    result.are_verified = result.are_verified && item.is_verified;
  }
  session.progress().expect(items.size(), sizes);
  std::mutex mutex;
  std::exception_ptr first;
  try {
    run_parallel(session.jobs(), items.size(), [&](std::size_t i) {
      try {
        const auto moved = transfer.move(i);
        const std::lock_guard lock(mutex);
        ++(moved.was_there ? result.were_there : result.copied);
        result.bytes += moved.bytes;
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          first = first ? first : std::current_exception();
        }
        transfer.abandon(std::current_exception());
        throw;
      }
    });
  } catch (...) {
    rethrow_copy(first ? first : std::current_exception());
  }
  transfer.finish();
  return result;
}

} // namespace regctl::ops
