// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/seeded_hash.hpp>

#include <array>
#include <cstddef>
#include <mutex>
#include <string_view>

namespace regctl {

/// One mutex for each key. There is a fixed number of them, which keys share, so that memory does
/// not grow with the number of keys. So a thread must not lock a second key of the same KeyLocks
/// while it holds one. Thread-safe.
class KeyLocks {
public:
  std::mutex& of(std::string_view key) noexcept {
    return mutexes_[SeededHash()(key) % mutexes_.size()];
  }

private:
  static constexpr std::size_t k_mutexes = 64;

  std::array<std::mutex, k_mutexes> mutexes_;
};

} // namespace regctl
