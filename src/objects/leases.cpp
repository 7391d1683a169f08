// SPDX-License-Identifier: Apache-2.0
#include "objects/leases.hpp"

#include <regctl/base/interrupt.hpp>

namespace regctl::objects {

namespace {} // namespace

std::unique_ptr<Leases::Lease> Leases::take(const std::string& name, Sharing sharing,
                                            std::optional<std::chrono::milliseconds> patience) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  auto& holders = holders_[name];
  ++holders.waiting;
  while (!holders.lets_in(sharing)) {
    const bool is_over = patience && std::chrono::steady_clock::now() - begin >= *patience;
    if (is_over || is_interrupted()) {
      --holders.waiting;
      drop_if_unused(name);
      lock.unlock();
      check_interrupted();
      return nullptr;
    }
    changed_.wait_for(lock,
                      patience ? std::min(*patience, k_interrupt_glance) : k_interrupt_glance);
  }
  --holders.waiting;
  if (sharing == Sharing::exclusive) {
    holders.exclusive = true;
  } else {
    ++holders.shared;
  }
  return std::make_unique<Lease>(*this, name, sharing);
}

void Leases::end(const std::string& name, Sharing sharing) {
  {
    const std::lock_guard lock(mutex_);
    auto& holders = holders_[name];
    if (sharing == Sharing::exclusive) {
      holders.exclusive = false;
    } else {
      --holders.shared;
    }
    drop_if_unused(name);
  }
  changed_.notify_all();
}

void Leases::drop_if_unused(const std::string& name) {
  const auto found = holders_.find(name);
  const auto& holders = found->second;
  if (!holders.exclusive && holders.shared == 0 && holders.waiting == 0) {
    holders_.erase(found);
  }
}

} // namespace regctl::objects
