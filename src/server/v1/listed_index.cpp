// SPDX-License-Identifier: Apache-2.0
#include "server/v1/search_index.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/text.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace regctl::server {

namespace {

constexpr std::chrono::minutes k_between_listings{5};
constexpr std::chrono::seconds k_after_failure{15};
constexpr std::chrono::seconds k_search_waits{10}; // for the first listing

class ListedIndex final : public SearchIndex {
public:
  ListedIndex(std::shared_ptr<V1Storage> storage, std::function<void(const std::string&)> note)
      : storage_(std::move(storage)), note_(std::move(note)), thread_([this] { run(); }) {}

  /// A listing that is under way is interrupted.
  ~ListedIndex() override {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    const bool was_interrupted = is_interrupted();
    interrupt();
    thread_.join();
    if (!was_interrupted) {
      reset_interrupt();
    }
  }
  ListedIndex(const ListedIndex&) = delete;
  ListedIndex& operator=(const ListedIndex&) = delete;

  void add(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    touch(name);
    names_.emplace(name, lower(name));
  }

  void remove(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    touch(name);
    names_.erase(name);
  }

  [[nodiscard]] std::vector<std::string> find(std::string_view term) override {
    const auto wanted = lower(term);
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, k_search_waits, [&] { return listed_ || is_over_; }) || !listed_) {
      throw Error(ErrorKind::unavailable, "the repositories are still being listed",
                  "try again in a moment");
    }
    std::vector<std::string> found;
    for (const auto& [name, folded] : names_) {
      if (folded.find(wanted) != std::string::npos) {
        found.push_back(name);
      }
    }
    return found;
  }

  [[nodiscard]] std::optional<std::size_t> size() const override {
    const std::lock_guard lock(mutex_);
    return listed_ ? std::optional(names_.size()) : std::nullopt;
  }

  [[nodiscard]] std::shared_ptr<const V1Storage> whole_tree() const override {
    const std::lock_guard lock(mutex_);
    return listed_;
  }

  [[nodiscard]] bool has_tags(const std::string& name) override {
    return source_of(name)->count_tags(name) > 0;
  }

  [[nodiscard]] bool is_private(const std::string& name) override {
    return source_of(name)->is_private(name);
  }

  [[nodiscard]] std::optional<V1Tags> tags(const std::string& name) override {
    return source_of(name)->tags(name);
  }

private:
  using Names = std::map<std::string, std::string>; ///< in lower case, by their names

  void touch(const std::string& name) {
    touched_.insert(name);
    touched_since_.insert(name);
  }

  /// The listing, unless this server has changed the repository since.
  std::shared_ptr<const V1Storage> source_of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return listed_ && !touched_.contains(name) ? listed_ : storage_;
  }

  void run() noexcept {
    for (;;) {
      const bool is_listed = try_to_list();
      std::unique_lock lock(mutex_);
      const std::chrono::seconds pause = is_listed ? k_between_listings : k_after_failure;
      if (changed_.wait_for(lock, pause, [&] { return is_over_; })) {
        return;
      }
    }
  }

  bool try_to_list() noexcept {
    try {
      list();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) {
        note_("the repositories of " + storage_->location() +
              " could not be listed: " + error.message());
      }
    } catch (...) { // no memory: the next one may succeed
    }
    return false;
  }

  /// Replaces the names by those of a new listing. What this server changes meanwhile stays as it
  /// says.
  void list() {
    {
      const std::lock_guard lock(mutex_);
      touched_since_.clear();
    }
    const auto listed = storage_->snapshot();
    Names names;
    listed->for_each_repository([&](const std::string& name) { names.emplace(name, lower(name)); });
    {
      const std::lock_guard lock(mutex_);
      for (const auto& name : touched_since_) {
        names.erase(name);
        if (const auto kept = names_.find(name); kept != names_.end()) {
          names.insert(*kept);
        }
      }
      names_ = std::move(names);
      touched_ = touched_since_;
      listed_ = listed;
    }
    storage_->trust(listed);
    changed_.notify_all();
  }

  std::shared_ptr<V1Storage> storage_; // shared with the server
  std::function<void(const std::string&)> note_;
  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  bool is_over_ = false;
  std::shared_ptr<const V1Storage> listed_; ///< null until the first listing is complete
  Names names_;
  std::set<std::string> touched_;       ///< changed by this server since `listed_` was begun
  std::set<std::string> touched_since_; ///< since the listing under way was begun
  std::thread thread_;                  // last: it uses all the others
};

} // namespace

std::unique_ptr<SearchIndex> make_listed_index(std::shared_ptr<V1Storage> storage,
                                               std::function<void(const std::string&)> note) {
  return std::make_unique<ListedIndex>(std::move(storage), std::move(note));
}

} // namespace regctl::server
