// SPDX-License-Identifier: Apache-2.0
#include "objects/object_tree.hpp"

#include "objects/object_file.hpp"

#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace regctl::objects {

namespace {

constexpr std::size_t k_reads_at_a_time = 16; // of small objects

/// Names that begin with '.' are left out of listings, as those of hidden files are.
bool is_hidden(std::string_view name) {
  return name.empty() || name.starts_with('.');
}

/// The objects of a folder, as one listing gave them.
class ListedFolder final : public FolderView {
public:
  ListedFolder(std::shared_ptr<Bucket> bucket, std::map<std::string, ObjectInfo> objects)
      : bucket_(std::move(bucket)), objects_(std::move(objects)) {}

  [[nodiscard]] bool has_file(const std::string& name) const override {
    return objects_.contains(name);
  }
  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& name) const override {
    const auto found = objects_.find(name);
    return found == objects_.end() ? nullptr : std::make_unique<ObjectFile>(bucket_, found->second);
  }
  [[nodiscard]] std::optional<std::string> read(const std::string& name,
                                                std::uint64_t limit_bytes) const override {
    const auto found = objects_.find(name);
    return found == objects_.end() ? std::nullopt : bucket_->read(found->second.key, limit_bytes);
  }

private:
  std::shared_ptr<Bucket> bucket_; // shared with the files
  std::map<std::string, ObjectInfo> objects_;
};

} // namespace

std::string_view without_slashes(std::string_view text) noexcept {
  while (text.starts_with('/')) {
    text.remove_prefix(1);
  }
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return text;
}

ObjectTree::ObjectTree(std::shared_ptr<Bucket> bucket, std::string_view prefix,
                       std::shared_ptr<KnownContents> known)
    : bucket_(std::move(bucket)), prefix_(without_slashes(prefix)), known_(std::move(known)) {
  location_ = bucket_->describe(prefix_);
  prefix_ += prefix_.empty() ? "" : "/";
}

std::string ObjectTree::what(std::string_view path) const {
  return "'" + bucket_->describe(key_of(path)) + "'";
}

std::string ObjectTree::key_of(std::string_view path) const {
  return prefix_ + std::string(path);
}

std::string ObjectTree::folder_key(std::string_view path) const {
  return path.empty() ? prefix_ : key_of(path) + "/";
}

std::unique_ptr<StoredFile> ObjectTree::find_file(const std::string& path) const {
  auto object = find_object(path);
  return object ? std::make_unique<ObjectFile>(bucket_, *std::move(object)) : nullptr;
}

std::unique_ptr<StoredFile> ObjectTree::open_known(const std::string& path,
                                                   std::uint64_t size_bytes,
                                                   std::string version) const {
  return std::make_unique<ObjectFile>(
      bucket_, ObjectInfo{key_of(path), size_bytes, etag_of(std::move(version)), {}});
}

bool ObjectTree::has_file(const std::string& path) const {
  return find_object(path).has_value();
}

std::unique_ptr<FolderView> ObjectTree::view(const std::string& path) const {
  std::map<std::string, ObjectInfo> objects;
  for_each_object(
      path,
      [&](const std::string& name, const ObjectInfo& object) { objects.emplace(name, object); },
      {});
  return std::make_unique<ListedFolder>(bucket_, std::move(objects));
}

bool ObjectTree::list(const std::string& path, const OnName& on_name) const {
  const auto take = [&](const std::string& name) {
    if (!is_hidden(name)) {
      on_name(name);
    }
  };
  return for_each_object(
      path, [&](const std::string& name, const ObjectInfo&) { take(name); }, take);
}

bool ObjectTree::list_entries(const std::string& path,
                              const std::function<void(const FolderEntry&)>& on_entry) const {
  return for_each_object(
      path,
      [&](const std::string& name, const ObjectInfo&) {
        if (!name.empty()) { // a folder's own object, as consoles make it
          on_entry({.name = name});
        }
      },
      [&](const std::string& name) { on_entry({.name = name, .is_folder = true}); });
}

bool ObjectTree::read_files(const std::string& path,
                            const std::function<bool(const std::string& name)>& is_wanted,
                            std::uint64_t limit_bytes, const OnContent& on_content) const {
  struct Unknown {
    std::string name;
    ObjectInfo object;
  };
  std::vector<Unknown> unknown;
  const bool is_there =
      for_each_object(path,
                      [&](const std::string& name, const ObjectInfo& object) {
                        if (is_hidden(name) || !is_wanted(name)) {
                          return;
                        }
                        if (object.size_bytes > limit_bytes) {
                          on_content(name, std::nullopt);
                        } else if (auto content = known_->find(object.etag, object.size_bytes)) {
                          on_content(name, std::move(content));
                        } else {
                          unknown.push_back({name, object});
                        }
                      },
                      {});
  std::mutex mutex; // on_content need not be thread-safe
  run_parallel(k_reads_at_a_time, unknown.size(), [&](std::size_t i) {
    auto content = bucket_->read_with_etag(unknown[i].object.key, limit_bytes);
    if (!content) {
      return; // removed meanwhile
    }
    if (content->text) { // it may have been replaced since it was listed
      known_->learn(content->etag, *content->text);
    }
    const std::lock_guard lock(mutex);
    on_content(unknown[i].name, std::move(content->text));
  });
  return is_there;
}

std::optional<std::chrono::system_clock::time_point>
ObjectTree::last_change(const std::string& path) const {
  std::optional<std::chrono::system_clock::time_point> newest;
  for_each_object(path,
                  [&](const std::string&, const ObjectInfo& object) {
                    newest = std::max(newest.value_or(object.changed), object.changed);
                  },
                  {});
  return newest;
}

void ObjectTree::expect_content(std::string_view content) const {
  known_->expect(content);
}

std::chrono::system_clock::time_point ObjectTree::now() const {
  return bucket_->server_time();
}

} // namespace regctl::objects
