// SPDX-License-Identifier: Apache-2.0
#include "server/v1/search_index.hpp"

#include <regctl/base/parallel.hpp>
#include <regctl/base/text.hpp>

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace regctl::server {

namespace {

constexpr std::size_t k_readers = 8;

class FolderIndex final : public SearchIndex {
public:
  explicit FolderIndex(std::shared_ptr<const V1Storage> storage);

  void add(const std::string& name) override;
  void remove(const std::string& name) override;
  [[nodiscard]] std::vector<std::string> find(std::string_view term) override;
  [[nodiscard]] std::optional<std::size_t> size() const override;
  /// Reads the repository's folder again if it has changed.
  [[nodiscard]] bool has_tags(const std::string& name) override;
  [[nodiscard]] std::shared_ptr<const V1Storage> whole_tree() const override { return storage_; }
  [[nodiscard]] bool is_private(const std::string& name) override {
    return storage_->is_private(name);
  }
  [[nodiscard]] std::optional<V1Tags> tags(const std::string& name) override {
    return storage_->tags(name);
  }

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

FolderIndex::FolderIndex(std::shared_ptr<const V1Storage> storage) : storage_(std::move(storage)) {
  refresh();
}

/// Reads namespaces that are new or have changed, and forgets removed ones.
void FolderIndex::refresh() {
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

void FolderIndex::read(Namespace& space) const {
  space.version = storage_->namespace_version(space.name);
  storage_->for_each_repository_in(
      space.name, [&](const std::string& name) { space.repositories.push_back(name); });
}

void FolderIndex::replace(const Namespace& space) {
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

void FolderIndex::add(const std::string& name) {
  {
    const std::shared_lock lock(mutex_);
    if (names_.contains(name)) {
      return;
    }
  }
  const std::unique_lock lock(mutex_);
  names_.emplace(name, Repository{lower(name), {}, false});
}

void FolderIndex::remove(const std::string& name) {
  const std::unique_lock lock(mutex_);
  names_.erase(name);
}

std::vector<std::string> FolderIndex::find(std::string_view term) {
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

bool FolderIndex::has_tags(const std::string& name) {
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

std::optional<std::size_t> FolderIndex::size() const {
  const std::shared_lock lock(mutex_);
  return names_.size();
}

} // namespace

std::unique_ptr<SearchIndex> make_folder_index(std::shared_ptr<const V1Storage> storage) {
  return std::make_unique<FolderIndex>(std::move(storage));
}

} // namespace regctl::server
