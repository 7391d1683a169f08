// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The names of all repositories, in memory. This server's own writes are in it at once.
/// Thread-safe.
class SearchIndex {
public:
  SearchIndex() = default;
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;
  virtual ~SearchIndex() = default;

  /// Tells of a change that this server has made to a repository.
  virtual void add(const std::string& name) = 0;
  virtual void remove(const std::string& name) = 0;

  /// The names that contain `term`, in order, ignoring the case of ASCII letters. (docker-registry:
  /// SQL LIKE.) Throws Error{unavailable} as long as not all names are known.
  [[nodiscard]] virtual std::vector<std::string> find(std::string_view term) = 0;

  /// The number of repositories; nothing as long as it is not known.
  [[nodiscard]] virtual std::optional<std::size_t> size() const = 0;

  /// Whether a repository has tags.
  [[nodiscard]] virtual bool has_tags(const std::string& name) = 0;

  /// Whether a repository is private, as has_tags() knows it.
  [[nodiscard]] virtual bool is_private(const std::string& name) = 0;

  /// The tree, for counting all that is in it, as it is or was last listed; null as long as it is
  /// not known.
  [[nodiscard]] virtual std::shared_ptr<const V1Storage> whole_tree() const = 0;

  /// The tags of a repository, for listings of all of them; nothing if there is no such repository.
  [[nodiscard]] virtual std::optional<V1Tags> tags(const std::string& name) = 0;
};

/// The index of a tree in a folder: read at once, in parallel. Every search compares the versions
/// of the tree's folders, which shows changes by other processes, so that no answer is stale.
std::unique_ptr<SearchIndex> make_folder_index(std::shared_ptr<const V1Storage> storage);

/// The index of a tree where each look costs requests. It is made of a listing of the whole tree in
/// the background, and anew every five minutes: only then are changes by other processes seen.
/// `storage` trusts that listing too. `note` is told why a listing failed; it is tried again.
std::unique_ptr<SearchIndex> make_listed_index(std::shared_ptr<V1Storage> storage,
                                               std::function<void(const std::string&)> note);

} // namespace regctl::server
