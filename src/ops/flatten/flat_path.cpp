// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flat_path.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

constexpr std::string_view k_whiteout = ".wh.";
constexpr std::string_view k_opaque = ".wh..wh..opq";
constexpr std::string_view k_own = ".wh..wh.";

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

} // namespace

std::optional<std::string> find_flat_path(std::string_view name) {
  if (name.size() > k_flat_path_limit || name.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::string path;
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    begin = end + 1;
    if (part == "..") {
      if (path.empty()) {
        return std::nullopt;
      }
      path.resize(split_path(path).folder.size());
    } else if (!part.empty() && part != ".") {
      path = join(path, part);
    }
  }
  return path;
}

std::optional<LayerName> read_layer_name(std::string path) {
  using Kind = LayerName::Kind;
  const auto [folder, name] = split_path(path);
  if (name == k_opaque) {
    return LayerName{Kind::opaque, std::string(folder)};
  }
  if (name.starts_with(k_own) || path.starts_with(k_own)) {
    return LayerName{Kind::own, std::move(path)};
  }
  if (!name.starts_with(k_whiteout)) {
    return LayerName{Kind::entry, std::move(path)};
  }
  const auto removed = name.substr(k_whiteout.size());
  if (removed.empty() || removed == "." || removed == "..") {
    return std::nullopt;
  }
  return LayerName{Kind::whiteout, join(folder, removed)};
}

} // namespace regctl::ops
