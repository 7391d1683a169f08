// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/storage_tree.hpp>

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace regctl {

/// Writes groups of small files to folders so that a disk is waited for once for all that come
/// while it is at work: what a tag costs is mostly that. Thread-safe.
class GroupedWriter {
public:
  /// Leases a folder in which something is about to be written.
  using Lease = std::function<std::unique_ptr<StorageFolder>(const std::string& folder)>;

  explicit GroupedWriter(Lease lease) : lease_(std::move(lease)) {}

  /// Replaces the group's files in `folder`, each whole and durable before it has its name. Returns
  /// once the names are durable as well. Throws Error{local_io}.
  void write(const std::string& folder, const FileGroup& group);

private:
  struct Request {
    const FileGroup& group;
    bool is_done = false;
    std::exception_ptr problem;
  };
  /// What waits for a folder.
  struct Queue {
    std::vector<Request*> waiting; // of callers, who stay until theirs is done
    bool is_busy = false;
    std::size_t callers = 0;
  };

  void write_all(const std::string& folder, const std::vector<Request*>& requests);

  Lease lease_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::map<std::string, Queue> queues_; // by folder, while somebody writes to it
};

} // namespace regctl
