// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/layout_images.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>

namespace regctl {

namespace {

// Indexes may name one manifest again and again.
constexpr std::size_t k_most_manifest_reads = 20'000;
constexpr std::uint64_t k_most_bytes = 256 * 1024 * 1024;

bool is_fault_of_text(const Error& error) {
  return error.kind() == ErrorKind::protocol || error.kind() == ErrorKind::integrity;
}

bool has_name(const oci::NamedManifest& entry, const std::vector<std::string>& names) {
  const auto own = normal_full_name(entry.full_name.empty() ? entry.ref_name : entry.full_name);
  return own && std::any_of(names.begin(), names.end(),
                            [&](const std::string& name) { return normal_full_name(name) == own; });
}

} // namespace

LayoutImages::LayoutImages(const LayoutFiles& files) : files_(files) {
  if (!files_.find_file("index.json")) {
    return;
  }
  try {
    index_ = read_layout_index(files_);
  } catch (const Error& error) {
    if (!is_fault_of_text(error)) {
      throw;
    }
    return;
  }
  for (std::size_t i = 0; i < index_->entries().size(); ++i) {
    read(i, index_->entries()[i].manifest, 0);
  }
}

void LayoutImages::read(std::size_t entry, const oci::Descriptor& manifest, std::size_t depth) {
  if (depth > oci::k_max_index_depth || ++count_ > k_most_manifest_reads ||
      read_bytes_ > k_most_bytes) {
    return;
  }
  read_bytes_ += std::min(manifest.size_bytes, oci::k_manifest_limit_bytes);
  const auto parsed = parse(manifest);
  if (!parsed) {
    return;
  }
  if (parsed->kind == oci::Manifest::Kind::image && parsed->config) {
    images_.emplace(parsed->config->digest, Image{entry, manifest});
  }
  for (const auto& child : parsed->manifests) {
    read(entry, child, depth + 1);
  }
}

std::optional<oci::Manifest> LayoutImages::parse(const oci::Descriptor& manifest) const {
  try {
    const auto document = read_layout_manifest(files_, manifest);
    return document ? std::optional(oci::Manifest::parse(document->bytes, document->media_type,
                                                         files_.what()))
                    : std::nullopt;
  } catch (const Error& error) {
    if (!is_fault_of_text(error)) {
      throw;
    }
    return std::nullopt;
  }
}

bool LayoutImages::has(const oci::Descriptor& blob) const {
  const auto file = files_.find_file(blob_path(blob.digest));
  return file && file->size_bytes() == blob.size_bytes;
}

bool LayoutImages::is_whole(const oci::Descriptor& manifest, std::size_t depth) const {
  if (const auto known = whole_.find(manifest.digest); known != whole_.end()) {
    return known->second;
  }
  const auto parsed = depth > oci::k_max_index_depth ? std::nullopt : parse(manifest);
  if (!parsed) {
    return whole_[manifest.digest] = false;
  }
  const auto blobs = parsed->blobs();
  return whole_[manifest.digest] =
             std::all_of(blobs.begin(), blobs.end(), [&](const auto& blob) { return has(blob); }) &&
             std::all_of(parsed->manifests.begin(), parsed->manifests.end(),
                         [&](const auto& child) { return is_whole(child, depth + 1); });
}

LayoutImages::Found LayoutImages::describe(const Image& image) const {
  const auto& entry = index_->entries()[image.entry];
  Found found{&entry, std::nullopt};
  for (const auto* manifest : {&entry.manifest, &image.manifest}) {
    if (!found.whole && is_whole(*manifest, 0)) {
      found.whole = *manifest;
    }
  }
  return found;
}

std::vector<LayoutImages::Found> LayoutImages::find(const oci::Digest& config,
                                                    const std::vector<std::string>& names) const {
  const auto [begin, end] = images_.equal_range(config);
  std::vector<Found> found;
  if (names.empty()) {
    for (auto image = begin; image != end; ++image) {
      if (found.empty() || found.back().entry != &index_->entries()[image->second.entry]) {
        found.push_back(describe(image->second));
      }
    }
    return found;
  }
  if (begin != end) {
    const auto chosen = std::find_if(begin, end, [&](const auto& image) {
      return has_name(index_->entries()[image.second.entry], names);
    });
    found.push_back(describe((chosen == end ? begin : chosen)->second));
  }
  return found;
}

} // namespace regctl
