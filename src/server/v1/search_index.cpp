// SPDX-License-Identifier: Apache-2.0
#include "server/v1/search_index.hpp"

#include <regctl/base/parallel.hpp>
#include <regctl/base/text.hpp>

#include <utility>

namespace regctl::server {

namespace {

constexpr std::size_t k_readers = 8;

} // namespace

SearchIndex::SearchIndex(std::shared_ptr<const V1Storage> storage) : storage_(std::move(storage)) {
  refresh();
}

/// Reads namespaces that are new or have changed, and forgets removed ones.
void SearchIndex::refresh() {
  const std::lock_guard lock(refreshing_);
  std::vector<Namespace> changed;
  auto gone = read_;
  storage_->for_each_namespace([&](const std::string& name) {
    gone.erase(name);
    const auto found = read_.find(name);
    if (found == read_.end() || found->second.empty() ||
        found->second != storage_->namespace_version(name)) {
      changed.push_back({name, {}, {}});
    }
  });
  run_parallel(k_readers, changed.size(), [&](std::size_t i) { read(changed[i]); });
  for (const auto& space : changed) {
    replace(space);
    read_[space.name] = space.version;
  }
  for (const auto& [name, unused] : gone) {
    replace({name, {}, {}});
    read_.erase(name);
  }
}

void SearchIndex::read(Namespace& space) const {
  space.version = storage_->namespace_version(space.name);
  storage_->for_each_repository_in(
      space.name, [&](const std::string& name) { space.repositories.push_back(name); });
}

void SearchIndex::replace(const Namespace& space) {
  const auto prefix = space.name + "/";
  const std::unique_lock lock(mutex_);
  auto end = names_.lower_bound(prefix);
  while (end != names_.end() && end->first.starts_with(prefix)) {
    end = names_.erase(end);
  }
  for (const auto& name : space.repositories) {
    names_.emplace(name, Repository{lower(name), {}, false});
  }
}

void SearchIndex::add(const std::string& name) {
  {
    const std::shared_lock lock(mutex_);
    if (names_.contains(name)) {
      return;
    }
  }
  const std::unique_lock lock(mutex_);
  names_.emplace(name, Repository{lower(name), {}, false});
}

void SearchIndex::remove(const std::string& name) {
  const std::unique_lock lock(mutex_);
  names_.erase(name);
}

std::vector<std::string> SearchIndex::find(std::string_view term) {
  refresh();
  const auto wanted = lower(term);
  std::vector<std::string> found;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, repository] : names_) {
    if (repository.folded.find(wanted) != std::string::npos) {
      found.push_back(name);
    }
  }
  return found;
}

bool SearchIndex::has_tags(const std::string& name) {
  const auto version = storage_->repository_version(name); // before the read, to notice changes
  {
    const std::shared_lock lock(mutex_);
    const auto found = names_.find(name);
    if (found != names_.end() && !version.empty() && found->second.version == version) {
      return found->second.has_tags;
    }
  }
  const bool has_tags = storage_->count_tags(name) > 0;
  const std::unique_lock lock(mutex_);
  if (const auto found = names_.find(name); found != names_.end()) {
    found->second.version = version;
    found->second.has_tags = has_tags;
  }
  return has_tags;
}

std::size_t SearchIndex::size() const {
  const std::shared_lock lock(mutex_);
  return names_.size();
}

} // namespace regctl::server
