// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace regctl::ops::mirror {

/// Lets threads that work side by side tell what came out in the order in which they began.
/// Thread-safe; must outlive its turns.
class Turns {
public:
  class Turn {
  public:
    /// The next one after those that were taken.
    explicit Turn(Turns& turns);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// Until each turn taken before is over. What holds one of those must not wait for this one.
    void wait();
    /// Over: the same as the object's end.
    void end();

  private:
    Turns& turns_;
    std::uint64_t number_;
  };

private:
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::set<std::uint64_t> open_;
};

} // namespace regctl::ops::mirror
