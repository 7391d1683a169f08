// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_uploads.hpp"

#include "ops/places/unfinished_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/formats/v2_paths.hpp>

#include <optional>
#include <vector>

namespace regctl::ops {

namespace {

/// Deeper than any file of a repository whose name has 255 bytes.
constexpr int k_most_levels = 160;

using GarbageKind = TreeGarbage::Kind;

bool lies_in_uploads(const std::string& path) {
  return split_path(split_path(path).folder).name == v2_paths::k_uploads;
}

std::uint64_t size_of_upload(const StorageTree& tree, const std::string& path) {
  try {
    const auto file = tree.find_file(path + "/" + v2_paths::k_data);
    return file ? file->size_bytes() : 0;
  } catch (const Error&) {
    return 0; // something else stands there
  }
}

} // namespace

void TreeUploads::collect_of(const V2Storage& listed, const std::string& name) {
  const auto folder = v2_paths::uploads(name);
  std::vector<std::string> uploads;
  listed.tree().list_entries(folder, [&](const FolderEntry& entry) {
    if (entry.is_folder && !is_removed_name(entry.name)) {
      uploads.push_back(entry.name);
    }
  });
  for (const auto& upload : uploads) {
    const auto path = folder + "/" + upload;
    if (is_young(listed.tree(), path) || (options_.apply && is_young(storage_.tree(), path))) {
      ++report_.young;
      continue;
    }
    const auto size_bytes = size_of_upload(listed.tree(), path);
    ++report_.uploads;
    report_.upload_bytes += size_bytes;
    on_garbage_({GarbageKind::upload, name, path, size_bytes});
    if (options_.apply) {
      storage_.tree().remove_all(path, folder, path + "/" + v2_paths::k_started_at);
    }
  }
}

bool TreeUploads::is_young(const StorageTree& tree, const std::string& upload) const {
  if (grace_.is_young(tree, upload)) {
    return true; // bytes came a moment ago
  }
  std::optional<std::string> text;
  try {
    text = tree.read(upload + "/" + v2_paths::k_started_at, v2_paths::k_small_limit_bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
  }
  const auto began = v2_paths::parse_started_at(text.value_or(""));
  return began && grace_.is_young(tree, std::chrono::system_clock::from_time_t(*began));
}

void TreeUploads::collect_loose(const V2Storage& listed) {
  collect_unfinished(listed);
  collect_removed_folders(listed, std::string(v2_paths::k_repositories) + "/" +
                                      std::string(v2_paths::k_uploads));
  listed.walk([&](const V2Storage::Found& found) {
    collect_removed_folders(listed, v2_paths::uploads(found.name));
  });
}

void TreeUploads::collect_unfinished(const V2Storage& listed) {
  UnfinishedFiles unfinished;
  const auto files = unfinished.find([&](const UnfinishedFiles::OnFile& on_file) {
    if (&listed != &storage_) { // a snapshot has files of its own
      listed.tree().for_each_unfinished(std::string(v2_paths::k_repositories), k_most_levels,
                                        [&](const UnfinishedFile& file) {
                                          if (lies_in_uploads(file.path)) { // else somebody's
                                            on_file(file);
                                          }
                                        });
    }
    storage_.tree().for_each_unfinished(std::string(v2_paths::k_root), k_most_levels, on_file);
  });
  for (const auto& file : files) {
    if (file.started && grace_.is_young(storage_.tree(), *file.started)) {
      continue;
    }
    if (options_.apply && !unfinished.remove([&] { storage_.tree().remove_unfinished(file); })) {
      break;
    }
    ++report_.unfinished;
    report_.upload_bytes += file.size_bytes;
    on_garbage_({GarbageKind::unfinished, {}, file.path, file.size_bytes});
  }
  report_.upload_obstacle = unfinished.obstacle();
}

void TreeUploads::collect_removed_folders(const V2Storage& listed, const std::string& folder) {
  std::vector<std::string> gone;
  listed.tree().list_entries(folder, [&](const FolderEntry& entry) {
    if (is_removed_name(entry.name)) {
      gone.push_back(folder + "/" + entry.name);
    }
  });
  for (const auto& path : gone) {
    ++report_.unfinished;
    on_garbage_({GarbageKind::unfinished, {}, path, 0});
    if (options_.apply) {
      storage_.tree().remove_all(path, folder, path);
    }
  }
}

} // namespace regctl::ops
