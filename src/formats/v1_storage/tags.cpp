// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/tags.hpp"

#include <regctl/base/error.hpp>

#include <utility>

namespace regctl {

void GroupedWriter::write(const std::string& folder, const FileGroup& group) {
  Request request{group, false, nullptr};
  std::unique_lock lock(mutex_);
  auto& queue = queues_[folder];
  ++queue.callers;
  queue.waiting.push_back(&request);
  changed_.wait(lock, [&] { return request.is_done || !queue.is_busy; });
  if (!request.is_done) { // this thread writes all waiting requests, its own included
    queue.is_busy = true;
    const auto requests = std::exchange(queue.waiting, {});
    lock.unlock();
    write_all(folder, requests);
    lock.lock();
    queue.is_busy = false;
    for (auto* written : requests) {
      written->is_done = true;
    }
    changed_.notify_all();
  }
  if (--queue.callers == 0) {
    queues_.erase(folder);
  }
  lock.unlock();
  if (request.problem) {
    rethrow_copy(request.problem);
  }
}

void GroupedWriter::write_all(const std::string& folder, const std::vector<Request*>& requests) {
  std::vector<const FileGroup*> groups;
  groups.reserve(requests.size());
  for (const auto* request : requests) {
    groups.push_back(&request->group);
  }
  try {
    const auto problems = lease_(folder)->put_groups(groups);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      requests[i]->problem = problems[i];
    }
  } catch (...) {
    for (auto* request : requests) {
      request->problem = std::current_exception();
    }
  }
}

} // namespace regctl
