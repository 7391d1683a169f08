// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/tags.hpp"

#include "formats/v1_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <fcntl.h>

#include <utility>

namespace regctl {

namespace {

using Files = std::vector<std::unique_ptr<AtomicFile>>;

/// Writes the files of a group without names, and has the disk begin: it is waited for later, for
/// all together.
Files begin_files(const Tree& tree, const std::string& folder, const FileGroup& group) {
  Files files;
  for (const auto& file : group.files) {
    files.push_back(std::make_unique<AtomicFile>(tree.make_folder(folder), file.name,
                                                 tree.what(folder + "/" + file.name)));
    files.back()->write(as_bytes(file.text));
    // Only a head start: commit() waits, and says what went wrong.
    static_cast<void>(::sync_file_range(files.back()->fd(), 0, 0, SYNC_FILE_RANGE_WRITE));
  }
  return files;
}

} // namespace

void GroupedWriter::write(const std::string& folder, const FileGroup& group) {
  Request request{group, false, nullptr};
  std::unique_lock lock(mutex_);
  auto& queue = queues_[folder];
  ++queue.callers;
  queue.waiting.push_back(&request);
  changed_.wait(lock, [&] { return request.is_done || !queue.is_busy; });
  if (!request.is_done) { // ours is among those that wait: this thread writes them all
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
  try {
    const auto held = hold_(folder);
    std::vector<Files> begun(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      try {
        begun[i] = begin_files(tree_, folder, requests[i]->group);
      } catch (...) {
        requests[i]->problem = std::current_exception();
      }
    }
    auto durable = AtomicFile::Durable::bytes;
    if (requests.size() > 1) { // alone, a tag need not wait for what others write
      sync_file_system(tree_.make_folder(folder), tree_.what(folder));
      durable = AtomicFile::Durable::already;
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
      try {
        for (const auto& file : requests[i]->problem ? Files() : std::exchange(begun[i], {})) {
          file->commit(durable);
        }
      } catch (...) {
        requests[i]->problem = std::current_exception();
      }
    }
    fsync_folder(tree_.make_folder(folder), tree_.what(folder));
  } catch (...) {
    for (auto* request : requests) {
      request->problem = request->problem ? request->problem : std::current_exception();
    }
  }
}

} // namespace regctl
