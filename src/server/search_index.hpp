// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v1_storage.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::server {

/// The names of all repositories, in memory: read from the tree at start, kept by what is written.
/// Thread-safe.
class SearchIndex {
public:
  /// Reads the tree.
  explicit SearchIndex(const V1Storage& storage);

  void add(const std::string& name);
  void remove(const std::string& name);

  /// The names that have `term` in them, whatever the case of ASCII letters, in order. (The
  /// original: SQL LIKE.)
  [[nodiscard]] std::vector<std::string> find(std::string_view term) const;
  [[nodiscard]] std::size_t size() const;

private:
  mutable std::shared_mutex mutex_;          ///< guards `names_`
  std::map<std::string, std::string> names_; // name → its lower-case form
};

} // namespace regctl::server
