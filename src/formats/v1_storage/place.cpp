// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/place.hpp"

#include "formats/storage_tree/local_tree.hpp"

#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/v1/image.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <string_view>
#include <system_error>

namespace regctl {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_images = "images";
constexpr std::string_view k_repositories = "repositories";
constexpr std::size_t k_most_entries = 1000; ///< read in one folder
constexpr std::size_t k_most_folders = 1000; ///< read in search of a tree
constexpr int k_levels_above = 3;            ///< repositories/NAMESPACE/NAME
constexpr int k_levels_below = 3;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Whether `is_so` holds for one of the folder's first entries; hidden ones are skipped.
bool has_entry(const fs::path& folder, const std::function<bool(const fs::path&)>& is_so) {
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (++seen > k_most_entries) {
      return false;
    }
    if (!is_chaff(entry->path().filename().string()) && is_so(entry->path())) {
      return true;
    }
  }
  return false;
}

bool is_bare(const fs::path& folder) {
  return !has_entry(folder, [](const fs::path&) { return true; });
}

bool holds_images(const fs::path& images) {
  return has_entry(images, [](const fs::path& entry) {
    return is_v1_id(entry.filename().string()) && is_folder(entry);
  });
}

/// docker-registry's rewrite in Go had `_index`.
bool is_repository(const fs::path& folder) {
  constexpr std::array<std::string_view, 3> k_files = {"_index_images", "_index", "_private"};
  return has_entry(folder, [&](const fs::path& entry) {
    const auto name = entry.filename().string();
    return name.starts_with("tag_") ||
           std::find(k_files.begin(), k_files.end(), name) != k_files.end();
  });
}

bool holds_repositories(const fs::path& repositories) {
  return has_entry(repositories,
                   [](const fs::path& space) { return has_entry(space, is_repository); });
}

/// Whether there are at most empty namespaces and repositories: those whose content was removed, or
/// into which another process is about to write the first file.
bool is_bare_of_repositories(const fs::path& repositories) {
  const auto is_full = [](const fs::path& folder) {
    const bool is_of_v2 = folder.filename().string().starts_with('_'); // _manifests, _layers
    return !is_folder(folder) || is_of_v2 || !is_bare(folder);
  };
  return !has_entry(repositories, [&](const fs::path& space) {
    return !is_folder(space) || has_entry(space, is_full);
  });
}

/// Whether the folder holds an image or a repository.
bool is_tree(const fs::path& folder) {
  return holds_images(folder / k_images) || holds_repositories(folder / k_repositories);
}

/// Whether it has the folders of a tree with nothing in them.
bool is_bare_tree(const fs::path& folder) {
  const auto images = folder / k_images;
  const auto repositories = folder / k_repositories;
  return (is_folder(images) || is_folder(repositories)) && is_bare(images) &&
         is_bare_of_repositories(repositories);
}

/// The order matters: a tree that another process fills meanwhile passes one of the two tests.
bool is_bare_or_full_tree(const fs::path& folder) {
  return is_bare_tree(folder) || is_tree(folder);
}

/// The tree that `folder` is a part of.
std::optional<Misplaced> find_above(const fs::path& folder) {
  std::error_code error;
  auto path = fs::weakly_canonical(folder, error);
  for (int level = 0; !error && level < k_levels_above && path.has_relative_path(); ++level) {
    if (!path.has_filename()) { // behind a final slash
      path = path.parent_path();
    }
    const auto above = path.parent_path();
    const auto name = path.filename().string();
    const bool is_part = (name == k_images || name == k_repositories) &&
                         is_folder(above / k_images) && is_folder(above / k_repositories) &&
                         is_bare_or_full_tree(above);
    if (is_part) {
      const auto* where = level == 0 ? "is the folder " : "lies in the folder ";
      return Misplaced{where + name + " of a storage tree", above};
    }
    path = above;
  }
  return std::nullopt;
}

/// A tree in one of the folders below `folder`.
std::optional<fs::path> find_below(const fs::path& folder) {
  struct Next {
    fs::path path;
    int level;
  };
  std::deque<Next> ahead{{folder, 0}};
  for (std::size_t seen = 0; !ahead.empty() && seen < k_most_folders; ++seen) {
    const auto next = ahead.front();
    ahead.pop_front();
    if (next.level > 0 && is_tree(next.path)) {
      return next.path;
    }
    if (next.level < k_levels_below) {
      has_entry(next.path, [&](const fs::path& entry) {
        std::error_code ignored;
        if (is_folder(entry) && !fs::is_symlink(entry, ignored)) {
          ahead.push_back({entry, next.level + 1});
        }
        return false;
      });
    }
  }
  return std::nullopt;
}

bool is_of_protocol_v2(const fs::path& folder) {
  return is_folder(folder / v2_paths::k_root) || is_folder(folder / "registry/v2/blobs") ||
         is_folder(folder / "v2/blobs") || is_folder(folder / "blobs/sha256");
}

} // namespace

std::optional<Misplaced> find_misplaced(const fs::path& folder) {
  if (is_tree(folder)) {
    return std::nullopt;
  }
  if (auto above = find_above(folder)) {
    return above;
  }
  if (is_bare(folder) || is_bare_or_full_tree(folder)) {
    return std::nullopt;
  }
  if (is_of_protocol_v2(folder)) {
    return Misplaced{"is the storage of a registry of protocol v2", std::nullopt};
  }
  return Misplaced{"is no storage tree of a registry", find_below(folder)};
}

} // namespace regctl
