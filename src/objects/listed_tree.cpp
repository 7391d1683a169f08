// SPDX-License-Identifier: Apache-2.0
#include "objects/listed_tree.hpp"

#include "objects/bucket_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/text.hpp>

#include <utility>
#include <vector>

namespace regctl::objects {

namespace {

constexpr std::size_t k_parts = 8; // listed at a time; each costs one request more

/// Of a folder whose names are sums or IDs: what stands before their digits, over which they are
/// spread evenly.
std::optional<std::string> begin_of_digits(const std::string& folder) {
  if (folder.ends_with("images/")) {
    return folder;
  }
  return folder.ends_with("blobs/") ? std::optional(folder + "sha256/") : std::nullopt;
}

/// A few of the names, with as many between each and the next.
std::vector<std::string> evenly(const std::vector<std::string>& names) {
  std::vector<std::string> chosen;
  for (std::size_t i = 1; i < k_parts && names.size() >= k_parts; ++i) {
    chosen.push_back(names[i * names.size() / k_parts]);
  }
  return chosen;
}

} // namespace

ListedTree::ListedTree(std::shared_ptr<Bucket> bucket, std::string_view prefix,
                       std::shared_ptr<KnownContents> known,
                       const std::vector<std::string>& folders)
    : ObjectTree(std::move(bucket), prefix, std::move(known)) {
  list_all(folders);
}

void ListedTree::list_all(const std::vector<std::string>& folders) {
  for (const auto& path : folders) {
    const auto folder = folder_key(path);
    const auto digits = begin_of_digits(folder);
    list_folder(folder, [&](const std::string& last) {
      if (!digits) {
        return evenly(names_after(folder, last));
      }
      return last < *digits + "1"
                 ? std::vector<std::string>{*digits + "4", *digits + "8", *digits + "c"}
                 : std::vector<std::string>();
    });
  }
}

/// Lists the first page of what lies below a folder. If there is more, `choose` says at which keys
/// behind the last one that was listed further parts begin.
void ListedTree::list_folder(
    const std::string& folder,
    const std::function<std::vector<std::string>(const std::string& last)>& choose) {
  auto last = bucket().list_range(
      folder, {}, {}, {[&](const ObjectInfo& object) { add(object); }, {}, [] { return false; }});
  if (!last.empty()) {
    auto bounds = choose(last);
    bounds.insert(bounds.begin(), std::move(last));
    list_ranges(folder, std::move(bounds));
  }
}

std::vector<std::string> ListedTree::names_after(const std::string& folder,
                                                 const std::string& last) {
  std::vector<std::string> names;
  bucket().list_range(folder, last, {},
                      {[](const ObjectInfo&) {},
                       [&](const std::string& name) {
                         if (name > last) {
                           names.push_back(name);
                         }
                       }});
  return names;
}

/// Lists what lies between each of the bounds and the next one. A key that is itself a bound is no
/// file of a tree.
void ListedTree::list_ranges(const std::string& folder, std::vector<std::string> bounds) {
  bounds.push_back({});
  run_parallel(k_parts, bounds.size() - 1, [&](std::size_t i) {
    bucket().list_range(folder, bounds[i], bounds[i + 1],
                        {[&](const ObjectInfo& object) { add(object); }});
  });
}

void ListedTree::add(const ObjectInfo& object) {
  files_.add(std::string_view(object.key).substr(prefix().size()), object);
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
  const auto [folder, wanted] = split_path(path);
  std::optional<ObjectInfo> found;
  for_each_object(std::string(folder),
                  [&, &name = wanted](const std::string& other, const ObjectInfo& object) {
                    if (other == name) {
                      found = object;
                    }
                  },
                  {});
  return found;
}

void ListedTree::for_each_unfinished(
    const std::string& path, int levels,
    const std::function<void(const UnfinishedFile&)>& on_file) const {
  const auto inner = [&](const std::string& name) {
    return path.empty() ? name : path + "/" + name;
  };
  for_each_object(
      path,
      [&](const std::string& name, const ObjectInfo& object) {
        if (is_loose_name(name)) {
          on_file({inner(name), object.size_bytes, {}, object.changed});
        }
      },
      [&](const std::string& name) {
        if (levels > 0) {
          for_each_unfinished(inner(name), levels - 1, on_file);
        }
      });
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

std::unique_ptr<LooseUpload> ListedTree::start_loose_upload(const std::string&,
                                                            const std::string&) {
  refuse_writing();
}

bool ListedTree::put_folder(const std::string&, const FileGroup&, const std::string&) {
  refuse_writing();
}

bool ListedTree::remove_all(const std::string&, const std::string&, const std::string&) {
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
