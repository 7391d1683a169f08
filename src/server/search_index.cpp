// SPDX-License-Identifier: Apache-2.0
#include "server/search_index.hpp"

#include <algorithm>
#include <mutex>

namespace regctl::server {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

} // namespace

SearchIndex::SearchIndex(const V1Storage& storage) {
  storage.for_each_repository([this](const std::string& name) { add(name); });
}

void SearchIndex::add(const std::string& name) {
  {
    const std::shared_lock lock(mutex_);
    if (names_.contains(name)) {
      return;
    }
  }
  const std::unique_lock lock(mutex_);
  names_.emplace(name, lower(name));
}

void SearchIndex::remove(const std::string& name) {
  const std::unique_lock lock(mutex_);
  names_.erase(name);
}

std::vector<std::string> SearchIndex::find(std::string_view term) const {
  const auto wanted = lower(term);
  std::vector<std::string> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, folded] : names_) {
    if (folded.find(wanted) != std::string::npos) {
      found.push_back(name);
    }
  }
  return found;
}

std::size_t SearchIndex::size() const {
  const std::shared_lock lock(mutex_);
  return names_.size();
}

} // namespace regctl::server
