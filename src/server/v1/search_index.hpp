// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The names of all repositories, in memory. They are read from the tree at the start, in parallel,
/// and updated by this server's own writes. Every search compares the versions of the tree's
/// folders, which shows changes by other processes, so that no answer is stale. Thread-safe.
class SearchIndex {
public:
  /// Reads the tree.
  explicit SearchIndex(std::shared_ptr<const V1Storage> storage);

  void add(const std::string& name);
  void remove(const std::string& name);

  /// The names that contain `term`, in order, ignoring the case of ASCII letters. (docker-registry:
  /// SQL LIKE.)
  [[nodiscard]] std::vector<std::string> find(std::string_view term);
  [[nodiscard]] std::size_t size() const;

  /// Whether a repository has tags. Reads its folder again if it has changed.
  [[nodiscard]] bool has_tags(const std::string& name);

private:
  struct Namespace {
    std::string name;
    std::string version; // from before it was read; empty: it must be read again
    std::vector<std::string> repositories;
  };

  struct Repository {
    std::string folded;  ///< its name in lower case
    std::string version; ///< from before its tags were counted; empty: count again
    bool has_tags = false;
  };

  void refresh();
  void read(Namespace& space) const;
  void replace(const Namespace& space);

  std::shared_ptr<const V1Storage> storage_; // shared with the server
  std::mutex refreshing_;                    ///< guards `read_`
  std::map<std::string, std::string> read_;  // namespace → Namespace::version
  mutable std::shared_mutex mutex_;          ///< guards `names_`
  std::map<std::string, Repository> names_;
};

} // namespace regctl::server
