// SPDX-License-Identifier: Apache-2.0
#include "objects/listed_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <utility>
#include <vector>

namespace regctl::objects {

namespace {

constexpr std::size_t k_listings_at_a_time = 16;

/// A path's folder, and the name in it.
std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::pair(std::string(), path)
                                    : std::pair(path.substr(0, slash), path.substr(slash + 1));
}

} // namespace

ListedTree::ListedTree(std::shared_ptr<Bucket> bucket, std::string_view prefix,
                       std::shared_ptr<KnownContents> known)
    : ObjectTree(std::move(bucket), prefix, std::move(known)) {
  list_all();
}

/// A folder that has many folders in it is listed in parts: each part leaves a page half full, and
/// costs a request more.
void ListedTree::list_all() {
  const auto add = [&](const ObjectInfo& object) {
    files_.add(std::string_view(object.key).substr(prefix().size()), object);
  };
  std::vector<std::string> parts;
  bucket().list(prefix(), {add, [&](const std::string& part) { parts.push_back(part); }});
  run_parallel(k_listings_at_a_time, parts.size(),
               [&](std::size_t i) { bucket().list(parts[i], {add}); });
}

std::optional<std::string> ListedTree::read(const std::string& path,
                                            std::uint64_t limit_bytes) const {
  return find_object(path) ? bucket().read(key_of(path), limit_bytes) : std::nullopt;
}

bool ListedTree::has_folder(const std::string& path) const {
  return files_.has_folder(path);
}

bool ListedTree::for_each_object(const std::string& path, const OnObject& on_object,
                                 const OnName& on_folder) const {
  const auto folder = folder_key(path);
  files_.for_each_file(path, [&](const std::string& name, ObjectInfo object) {
    object.key = folder + name;
    on_object(name, object);
  });
  if (on_folder) {
    files_.for_each_folder(path, on_folder);
  }
  return files_.has_folder(path);
}

std::optional<ObjectInfo> ListedTree::find_object(const std::string& path) const {
  const auto [folder, wanted] = split(path);
  std::optional<ObjectInfo> found;
  for_each_object(folder,
                  [&, &name = wanted](const std::string& other, const ObjectInfo& object) {
                    if (other == name) {
                      found = object;
                    }
                  },
                  {});
  return found;
}

void ListedTree::refuse_writing() const {
  throw Error(ErrorKind::usage, "a snapshot of " + location() + " cannot be written to");
}

std::unique_ptr<StorageFolder> ListedTree::make_folder(const std::string&) {
  refuse_writing();
}

std::unique_ptr<StorageFolder> ListedTree::find_folder(const std::string&) {
  refuse_writing();
}

std::unique_ptr<StorageFolder> ListedTree::lease(const std::string&, Sharing,
                                                 std::optional<std::chrono::milliseconds>) {
  refuse_writing();
}

void ListedTree::remove_folder(const std::string&) {
  refuse_writing();
}

void ListedTree::remove_folder_with(const std::string&, const std::string&) {
  refuse_writing();
}

void ListedTree::remove_unfinished(const UnfinishedFile&) {
  refuse_writing();
}

} // namespace regctl::objects
