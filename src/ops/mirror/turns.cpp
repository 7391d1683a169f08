// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/turns.hpp"

namespace regctl::ops::mirror {

Turns::Turn::Turn(Turns& turns) : turns_(turns) {
  const std::lock_guard lock(turns_.mutex_);
  number_ = turns_.next_++;
  turns_.open_.insert(number_);
}

Turns::Turn::~Turn() {
  end();
}

void Turns::Turn::wait() {
  std::unique_lock lock(turns_.mutex_);
  turns_.changed_.wait(lock,
                       [&] { return turns_.open_.empty() || *turns_.open_.begin() >= number_; });
}

void Turns::Turn::end() {
  const std::lock_guard lock(turns_.mutex_);
  turns_.open_.erase(number_);
  turns_.changed_.notify_all();
}

} // namespace regctl::ops::mirror
