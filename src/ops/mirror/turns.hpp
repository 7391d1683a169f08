// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

namespace regctl::ops::mirror {

/// Lets parallel threads report their results in the order in which they began. Thread-safe; must
/// outlive its turns.
class Turns {
public:
  class Turn {
  public:
    /// Takes the turn after all turns taken so far.
    explicit Turn(Turns& turns);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// Waits until each earlier turn is over. A thread that holds an earlier turn must not wait for
    /// this one.
    void wait();
    /// Ends the turn before the object's destruction does.
    void end();

  private:
    Turns& turns_;
    std::uint64_t number_;
  };

private:
  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::set<std::uint64_t> open_;
};

} // namespace regctl::ops::mirror
