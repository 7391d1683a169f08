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

/// The names of all repositories, in memory: read from the tree at start, in parallel, and kept by
/// what is written. What other processes write is seen by the versions of the tree's folders, which
/// every search compares, so that no answer is stale. Thread-safe.
class SearchIndex {
public:
  /// Reads the tree.
  explicit SearchIndex(std::shared_ptr<const V1Storage> storage);

  void add(const std::string& name);
  void remove(const std::string& name);

  /// The names that have `term` in them, whatever the case of ASCII letters, in order. (The
  /// original: SQL LIKE.)
  [[nodiscard]] std::vector<std::string> find(std::string_view term);
  [[nodiscard]] std::size_t size() const;

  /// Whether a repository has tags. Its folder is read again where it has changed.
  [[nodiscard]] bool has_tags(const std::string& name);

private:
  struct Namespace {
    std::string name;
    std::string version; // of before it was read; empty where it has to be read again
    std::vector<std::string> repositories;
  };

  struct Repository {
    std::string folded;  ///< its name in lower case
    std::string version; ///< of before its tags were counted; empty where they have to be again
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
