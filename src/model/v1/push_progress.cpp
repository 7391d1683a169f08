// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/push_progress.hpp>

#include <utility>

namespace regctl {

PushProgress::PushProgress(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    stages_[id] = Stage::waiting;
  }
}

void PushProgress::advance(const std::string& id, Stage stage) {
  const std::lock_guard lock(mutex_);
  stages_[id] = stage;
  changed_.notify_all();
}

void PushProgress::wait_for(const std::optional<std::string>& id, Stage stage) {
  std::unique_lock lock(mutex_);
  const auto found = id ? stages_.find(*id) : stages_.end();
  if (found != stages_.end()) {
    changed_.wait(lock, [&] { return failure_ || found->second >= stage; });
  }
  if (failure_) {
    rethrow_copy(failure_);
  }
}

void PushProgress::abandon(std::exception_ptr reason) noexcept {
  const std::lock_guard lock(mutex_);
  if (!failure_) {
    failure_ = std::move(reason);
  }
  changed_.notify_all();
}

} // namespace regctl
