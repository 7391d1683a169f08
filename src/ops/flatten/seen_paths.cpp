// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/seen_paths.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/seeded_hash.hpp>

#include <string>

namespace regctl::ops {

namespace {

/// Calls `visit` with each folder above `path`, the root first, until it returns false.
template <class Visit> bool visit_parents(std::string_view path, const Visit& visit) {
  if (path.empty()) {
    return true;
  }
  if (!visit(std::string_view())) {
    return false;
  }
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (!visit(path.substr(0, slash))) {
      return false;
    }
  }
  return true;
}

/// Layers are read from the top down, so that the first one is the highest.
void set_first(LayerNumber& mark, LayerNumber layer) noexcept {
  mark = mark == 0 ? layer : mark;
}

} // namespace

bool SeenPaths::is_hidden(std::string_view path, bool is_folder, LayerNumber layer) const {
  const bool is_below_nothing = visit_parents(path, [&](std::string_view folder) {
    const auto* marks = marks_of(folder);
    return marks == nullptr || marks->covered <= layer;
  });
  if (!is_below_nothing) {
    return true;
  }
  const auto* marks = marks_of(path);
  return marks != nullptr && (marks->taken > layer || (!is_folder && marks->implied > layer));
}

SeenPaths::Found SeenPaths::find(std::string_view path, LayerNumber layer) const {
  const auto* marks = marks_of(path);
  if (marks == nullptr || marks->seen != layer) {
    return Found::nothing;
  }
  return marks->is_folder ? Found::folder : Found::other;
}

void SeenPaths::add(std::string_view path, bool is_folder, LayerNumber layer) {
  imply_parents(path, layer);
  auto& marks = marks_for(path);
  set_first(marks.taken, layer);
  if (!is_folder) {
    set_first(marks.covered, layer);
  }
  marks.seen = layer;
  marks.is_folder = is_folder;
}

void SeenPaths::add_whiteout(std::string_view path, LayerNumber layer) {
  imply_parents(path, layer);
  auto& marks = marks_for(path);
  set_first(marks.taken, layer);
  set_first(marks.covered, layer);
}

void SeenPaths::add_opaque(std::string_view folder, LayerNumber layer) {
  imply_parents(folder, layer);
  auto& marks = marks_for(folder);
  set_first(marks.implied, layer);
  set_first(marks.covered, layer);
}

void SeenPaths::imply_parents(std::string_view path, LayerNumber layer) {
  visit_parents(path, [&](std::string_view folder) {
    set_first(marks_for(folder).implied, layer);
    return true;
  });
}

const SeenPaths::Marks* SeenPaths::marks_of(std::string_view path) const {
  const auto found = paths_.find(SeededHash()(path));
  return found == paths_.end() ? nullptr : &found->second;
}

SeenPaths::Marks& SeenPaths::marks_for(std::string_view path) {
  auto& marks = paths_[SeededHash()(path)];
  if (paths_.size() > k_path_limit) {
    throw Error(ErrorKind::unsupported,
                "the image has more than " + std::to_string(k_path_limit) + " paths");
  }
  return marks;
}

} // namespace regctl::ops
