// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/form_quote.hpp"
#include "formats/v1_storage/open_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace regctl {

namespace {

constexpr std::uint64_t k_tag_limit_bytes = 4096;
constexpr std::uint64_t k_long_list_bytes = 1024 * 1024;
constexpr std::string_view k_tag_prefix = "tag_";
constexpr std::size_t k_file_name_limit_bytes = 255;
const std::string k_private = "_private";
const std::string k_index_images = "_index_images";

struct Name {
  std::string space;
  std::string rest; ///< may have slashes
};

Name split_name(std::string_view name) {
  const auto full = full_name(name);
  const auto slash = full.find('/');
  return {full.substr(0, slash), full.substr(slash + 1)};
}

/// "repositories/team/deep%252Fname".
std::string folder_of(std::string_view name) {
  V1Storage::check_name(name);
  const auto [space, rest] = split_name(name);
  return "repositories/" + form_quote(space) + "/" + form_quote(form_quote(rest));
}

/// The repository that a folder is named after; nothing if no repository's folder has this name.
std::optional<std::string> name_of(const std::string& space, const std::string& folder) {
  const auto plain_space = form_unquote(space);
  const auto once = form_unquote(folder);
  const auto rest = once ? form_unquote(*once) : std::nullopt;
  if (!plain_space || !rest) {
    return std::nullopt;
  }
  auto name = *plain_space + "/" + *rest;
  try {
    return folder_of(name) == "repositories/" + space + "/" + folder ? std::optional(name)
                                                                     : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Whether the list of images has all of `ids`. Searches the text instead of parsing it, because
/// each push of a tag asks. (No checksum and no key looks like a quoted ID.)
bool are_listed(std::string_view list, const std::vector<std::string>& ids) {
  return list.starts_with('[') && list.ends_with(']') &&
         std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
           return list.find("\"" + id + "\"") != std::string_view::npos;
         });
}

std::string tag_file(std::string_view tag) {
  if (!is_tag(tag)) {
    throw Error(ErrorKind::usage, "'" + std::string(tag) + "' is no tag");
  }
  return std::string(k_tag_prefix) + std::string(tag);
}

/// The file with a tag's properties; for tag "" that of the repository. Nothing for a tag "_x": its
/// file would be that of the tag "x_json". (docker-registry 0.9 overwrites one with the other.)
std::optional<std::string> properties_file(const std::string& tag) {
  if (tag.starts_with('_')) {
    return std::nullopt;
  }
  return tag.empty() ? "json" : "tag" + tag + "_json";
}

/// The ID in a tag's file; nothing if it holds none.
std::optional<std::string> parse_tag(std::optional<std::string> text) {
  if (!text) {
    return std::nullopt;
  }
  text->erase(text->find_last_not_of(" \r\n") + 1);
  return is_v1_id(*text) ? text : std::nullopt;
}

/// The tag that a file is named after; nothing if it is not named after a tag.
std::optional<std::string> tag_of(const std::string& file) {
  auto tag = file.starts_with(k_tag_prefix) ? file.substr(k_tag_prefix.size()) : std::string();
  return is_tag(tag) ? std::optional(std::move(tag)) : std::nullopt;
}

/// Calls `on_tag` for each tag with a file "tag_TAG" in a folder, and `on_stray` for files "tag_…"
/// whose rest is not a valid tag.
void for_each_tag_file(const StorageTree& tree, const std::string& folder,
                       const std::function<void(const std::string& tag)>& on_tag,
                       const std::function<void(const std::string& path)>& on_stray = {}) {
  tree.list(folder, [&](const std::string& file) {
    if (const auto tag = tag_of(file)) {
      on_tag(*tag);
    } else if (on_stray && file.starts_with(k_tag_prefix)) {
      on_stray(folder + "/" + file);
    }
  });
}

/// All tags; nothing if there is no such folder.
std::optional<V1Tags> list_tags(const StorageTree& tree, const std::string& folder) {
  V1Tags tags;
  const bool is_there = tree.read_files(
      folder, [](const std::string& file) { return tag_of(file).has_value(); }, k_tag_limit_bytes,
      [&](const std::string& file, std::optional<std::string> content) {
        tags[*tag_of(file)] = parse_tag(std::move(content));
      });
  return is_there ? std::optional(std::move(tags)) : std::nullopt;
}

/// Whether the tag is an "x_json" without an ID, beside a tag "_x".
bool is_overwritten(const V1Tags& tags, const std::string& tag) {
  constexpr std::string_view k_end = "_json";
  return tag.size() > k_end.size() && tag.ends_with(k_end) && !tags.at(tag) &&
         tags.contains("_" + tag.substr(0, tag.size() - k_end.size()));
}

/// Removes a file, durably; false if there is none.
bool remove_file(StorageFolder& folder, const std::string& name) {
  const bool was_there = folder.remove(name);
  if (was_there) {
    folder.sync();
  }
  return was_there;
}

/// One entry of the list of a repository's images.
struct IndexEntry {
  std::string id;   ///< empty if the entry has none
  std::string text; ///< the whole entry as JSON
};

/// The entry for an image, with its checksum if known.
IndexEntry index_entry(const std::string& id, const std::string& sum) {
  auto entry = Json::object();
  if (!sum.empty()) {
    entry["checksum"] = sum;
  }
  entry["id"] = id;
  return {id, print_spaced_json(entry)};
}

/// Parses the stored list; nothing if it is damaged. Reads it entry by entry, since it can have
/// hundreds of thousands.
std::optional<std::vector<IndexEntry>> read_index(std::string_view text) {
  std::vector<IndexEntry> list;
  const auto add = [&](const Json& entry) {
    list.push_back({optional_string(entry, "id").value_or(""), print_spaced_json(entry)});
  };
  return read_json_elements(text, add) ? std::nullopt : std::optional(std::move(list));
}

std::string print_index(const std::vector<IndexEntry>& list) {
  std::string text = "[";
  for (const auto& entry : list) {
    text += (text.size() > 1 ? ", " : "") + entry.text;
  }
  return text + "]";
}

/// The stored list with images added; a new checksum replaces the entry of an image.
std::string list_with(std::string_view stored, const std::vector<std::string>& ids,
                      const std::vector<std::string>& sums) {
  auto list = read_index(stored).value_or(std::vector<IndexEntry>());
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < list.size(); ++i) {
    places[list[i].id] = i;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto sum = i < sums.size() ? sums[i] : std::string();
    const auto [place, is_new] = places.emplace(ids[i], list.size());
    if (is_new) {
      list.push_back(index_entry(ids[i], sum));
    } else if (!sum.empty()) {
      list[place->second] = index_entry(ids[i], sum);
    }
  }
  return print_index(list);
}

} // namespace

V1Storage::OpenTree::OpenTree(std::unique_ptr<StorageTree> opened)
    : tree(std::move(opened)), tags([this](const std::string& folder) {
        return lease_repository(folder); // so that it is not removed meanwhile
      }),
      memory(!tree->has_leases_among_processes()) {}

std::shared_ptr<const V1Storage> V1Storage::OpenTree::trusted_about(const std::string& id) {
  if (!memory.is_on()) {
    return nullptr;
  }
  const std::lock_guard lock(mutex);
  return distrusted.contains(id) ? nullptr : trusted;
}

std::unique_ptr<StorageFolder> V1Storage::OpenTree::lease_repository(const std::string& folder) {
  auto leased = tree->lease(folder, Sharing::exclusive, std::nullopt);
  {
    const std::lock_guard lock(mutex);
    if (!swept.insert(folder)) {
      return leased;
    }
  }
  leased->remove_unfinished();
  return leased;
}

void V1Storage::check_name(std::string_view name) {
  const auto [space, rest] = split_name(name);
  const auto is_bad = [](const std::string& part) {
    return part.empty() || part == "." || part == ".." ||
           std::any_of(part.begin(), part.end(),
                       [](unsigned char c) { return c < ' ' || c == 127; });
  };
  if (is_bad(space) || is_bad(rest) ||
      form_quote(form_quote(rest)).size() > k_file_name_limit_bytes ||
      form_quote(space).size() > k_file_name_limit_bytes) {
    throw Error(ErrorKind::usage, "'" + std::string(name) + "' is no name for a repository");
  }
}

void V1Storage::for_each_repository(const std::function<void(const std::string&)>& on_name) const {
  for_each_namespace([&](const std::string& space) { for_each_repository_in(space, on_name); });
}

void V1Storage::for_each_namespace(
    const std::function<void(const std::string&)>& on_namespace) const {
  open_->tree->list("repositories", [&](const std::string& folder) {
    const auto space = form_unquote(folder);
    if (space && form_quote(*space) == folder) {
      on_namespace(*space);
    }
  });
}

void V1Storage::for_each_repository_in(
    const std::string& space, const std::function<void(const std::string&)>& on_name) const {
  const auto quoted = form_quote(space);
  open_->tree->list("repositories/" + quoted, [&](const std::string& folder) {
    if (const auto name = name_of(quoted, folder)) {
      on_name(*name);
    }
  });
}

void V1Storage::for_each_stray(const std::function<void(const std::string&)>& on_path) const {
  const auto& tree = *open_->tree;
  tree.list("images", [&](const std::string& name) {
    if (!is_v1_id(name)) {
      on_path("images/" + name);
    }
  });
  tree.list("repositories", [&](const std::string& space) {
    const auto path = "repositories/" + space;
    const auto plain = form_unquote(space);
    if (!plain || form_quote(*plain) != space) {
      on_path(path);
      return;
    }
    tree.list(path, [&](const std::string& folder) {
      if (const auto name = name_of(space, folder)) {
        for_each_stray_in(*name, on_path);
      } else {
        on_path(path + "/" + folder);
      }
    });
  });
}

void V1Storage::for_each_stray_in(const std::string& name,
                                  const std::function<void(const std::string&)>& on_path) const {
  for_each_tag_file(
      *open_->tree, folder_of(name), [](const std::string&) {}, on_path);
}

std::string V1Storage::namespace_version(const std::string& space) const {
  return open_->tree->folder_version("repositories/" + form_quote(space));
}

std::string V1Storage::repository_version(const std::string& name) const {
  return open_->tree->folder_version(folder_of(name));
}

bool V1Storage::has_repository(const std::string& name) const {
  return open_->tree->has_folder(folder_of(name));
}

std::optional<V1Tags> V1Storage::tags(const std::string& name) const {
  auto tags = list_tags(*open_->tree, folder_of(name));
  if (tags) {
    std::erase_if(*tags, [&](const auto& tag) { return is_overwritten(*tags, tag.first); });
  }
  return tags;
}

std::vector<std::string> V1Storage::overwritten_tags(const std::string& name) const {
  std::vector<std::string> names;
  const auto tags = list_tags(*open_->tree, folder_of(name)).value_or(V1Tags());
  for (const auto& [tag, id] : tags) {
    if (is_overwritten(tags, tag)) {
      names.push_back(tag);
    }
  }
  return names;
}

std::size_t V1Storage::count_tags(const std::string& name) const {
  std::size_t count = 0;
  for_each_tag_file(*open_->tree, folder_of(name), [&](const std::string&) { ++count; });
  return count;
}

std::optional<std::string> V1Storage::find_tag(const std::string& name,
                                               const std::string& tag) const {
  return is_tag(tag) ? parse_tag(open_->tree->read(folder_of(name) + "/" + tag_file(tag),
                                                   k_tag_limit_bytes))
                     : std::nullopt;
}

void V1Storage::put_tag(const std::string& name, const std::string& tag, const std::string& id,
                        const std::string& properties) {
  lock_for_writing();
  const auto folder = folder_of(name);
  const auto file = tag_file(tag);
  FileGroup group;
  if (const auto beside = properties_file(tag)) {
    group.files.push_back({*beside, properties});
  }
  if (tag == "latest") {
    group.files.push_back({"json", properties});
  }
  group.files.push_back({file, id});
  open_->tags.write(folder, group);
}

bool V1Storage::remove_tag(const std::string& name, const std::string& tag) {
  lock_for_writing();
  const auto folder = open_->tree->find_folder(folder_of(name));
  if (!is_tag(tag) || !folder || !remove_file(*folder, tag_file(tag))) {
    return false;
  }
  if (const auto beside = properties_file(tag)) {
    remove_file(*folder, *beside);
  }
  if (tag == "latest") {
    remove_file(*folder, "json"); // put_tag() has written it; docker-registry removes it, too
  }
  return true;
}

bool V1Storage::remove_repository(const std::string& name) {
  lock_for_writing();
  auto& tree = *open_->tree;
  const auto folder = folder_of(name);
  if (!tree.has_folder(folder)) {
    return false;
  }
  const auto leased = tree.lease(folder, Sharing::exclusive, std::nullopt);
  auto files = leased->names();
  std::sort(files.begin(), files.end()); // the list of images is removed first, then the tags
  // The mark of a private repository is removed last, so that the repository stays private after an
  // interruption.
  std::erase(files, k_private);
  for (const auto& file : files) {
    remove_file(*leased, file);
  }
  tree.remove_folder_with(folder, k_private); // unless it is being pushed to again
  return true;
}

std::optional<std::string> V1Storage::index_images(const std::string& name) const {
  return open_->tree->read(folder_of(name) + "/" + k_index_images, k_listing_limit_bytes);
}

std::unique_ptr<StoredFile> V1Storage::open_index_images(const std::string& name) const {
  return open_->tree->find_file(folder_of(name) + "/" + k_index_images);
}

void V1Storage::OpenTree::change_list(
    StorageFolder& folder, const std::string& path,
    const std::function<std::optional<std::string>(const std::optional<std::string>&)>& change) {
  constexpr int k_most_tries = 10; // then this writer wins
  for (int tries = 1;; ++tries) {
    auto there = tree->read_versioned(path, k_long_list_bytes);
    const auto turn =
        there && !there->text ? std::unique_lock(long_lists) : std::unique_lock<std::mutex>();
    if (there && !there->text) {
      there->text = tree->read(path, k_listing_limit_bytes);
    }
    const auto text = change(there ? there->text : std::nullopt);
    if (!text) {
      return;
    }
    if (tries == k_most_tries) {
      folder.put(k_index_images, *text);
      return;
    }
    if (folder.put_if_unchanged(k_index_images, *text, there ? there->version : "")) {
      return;
    }
  }
}

void V1Storage::add_index_images(const std::string& name, const std::vector<std::string>& ids,
                                 const std::vector<std::string>& sums) {
  const auto small = sums.empty() ? open_index_images(name) : nullptr;
  if (small && small->size_bytes() <= k_long_list_bytes &&
      are_listed(index_images(name).value_or(""), ids)) {
    return; // without the lease, which writers of tags hold while they wait for the disk
  }
  lock_for_writing();
  const auto folder = folder_of(name);
  const auto leased = open_->lease_repository(folder);
  open_->change_list(*leased, folder + "/" + k_index_images,
                     [&](const std::optional<std::string>& stored) -> std::optional<std::string> {
                       if (sums.empty() && stored && are_listed(*stored, ids)) {
                         return std::nullopt;
                       }
                       auto text = list_with(stored.value_or(""), ids, sums);
                       if (text.size() > k_listing_limit_bytes) {
                         throw Error(ErrorKind::unsupported,
                                     "the list of images of " + familiar_name(name) +
                                         " would have more than " +
                                         std::to_string(k_listing_limit_bytes) + " bytes",
                                     "regctl gc takes out of it what is not there");
                       }
                       return stored == text ? std::nullopt : std::optional(std::move(text));
                     });
}

std::size_t
V1Storage::prune_index_images(const std::string& name,
                              const std::function<bool(const std::string& id)>& is_wanted) {
  if (!has_repository(name)) {
    return 0;
  }
  lock_for_writing();
  const auto folder = folder_of(name);
  const auto leased = open_->lease_repository(folder);
  std::size_t pruned = 0;
  open_->change_list(*leased, folder + "/" + k_index_images,
                     [&](const auto& stored) -> std::optional<std::string> {
                       auto list =
                           read_index(stored.value_or("[]")).value_or(std::vector<IndexEntry>());
                       pruned = std::erase_if(list, [&](const IndexEntry& entry) {
                         return is_v1_id(entry.id) && !is_wanted(entry.id);
                       });
                       return pruned > 0 ? std::optional(print_index(list)) : std::nullopt;
                     });
  return pruned;
}

std::optional<std::string> V1Storage::properties(const std::string& name,
                                                 const std::string& tag) const {
  const auto file = tag.empty() || is_tag(tag) ? properties_file(tag) : std::nullopt;
  return file ? open_->tree->read(folder_of(name) + "/" + *file, k_document_limit_bytes)
              : std::nullopt;
}

bool V1Storage::is_private(const std::string& name) const {
  return open_->tree->has_file(folder_of(name) + "/" + k_private);
}

void V1Storage::set_private(const std::string& name, bool is_private) {
  if (!is_private && !has_repository(name)) {
    return;
  }
  lock_for_writing();
  const auto leased = open_->lease_repository(folder_of(name));
  if (is_private) {
    leased->put(k_private, "");
  } else {
    remove_file(*leased, k_private);
  }
}

} // namespace regctl
