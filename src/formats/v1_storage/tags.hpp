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

/// Writes groups of small files to folders. Groups that arrive while the disk is busy are written
/// together and wait for the disk once, because that wait is most of a tag's cost. Thread-safe.
class GroupedWriter {
public:
  /// Leases a folder before a write.
  using Lease = std::function<std::unique_ptr<StorageFolder>(const std::string& folder)>;

  explicit GroupedWriter(Lease lease) : lease_(std::move(lease)) {}

  /// Replaces the group's files in `folder`; each file is whole and durable before it gets its
  /// name. Returns when the names are durable too. Throws Error{local_io}.
  void write(const std::string& folder, const FileGroup& group);

private:
  struct Request {
    const FileGroup& group;
    bool is_done = false;
    std::exception_ptr problem;
  };
  /// The requests that wait for one folder.
  struct Queue {
    std::vector<Request*> waiting; // each on the stack of its caller, which waits until it is done
    bool is_busy = false;
    std::size_t callers = 0;
  };

  void write_all(const std::string& folder, const std::vector<Request*>& requests);

  Lease lease_;
  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::map<std::string, Queue> queues_; // by folder, while there are callers
};

} // namespace regctl
