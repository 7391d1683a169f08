// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/layout_in_archive.hpp"
#include "formats/archive/open.hpp"
#include "formats/oci_layout/read_only_layout.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/oci_archive.hpp>

#include <algorithm>

namespace regctl {

namespace {

/// Writers put index.json last, or the blobs: of a tar without an end mark either may be lost.
void refuse_cut(const ArchiveIndex& archive, const LayoutFiles& files, const LayoutIndex* index) {
  const auto is_there = [&](const oci::NamedManifest& entry) {
    return files.find_file(blob_path(entry.manifest.digest)) != nullptr;
  };
  const bool is_whole =
      archive.has_end_mark() ||
      (index != nullptr && std::all_of(index->entries().begin(), index->entries().end(), is_there));
  if (!is_whole) {
    throw Error(ErrorKind::protocol,
                archive.what() + " ends without the mark of a tar file's end, and something of its "
                                 "images is missing: it was cut",
                "write it anew");
  }
}

} // namespace

std::unique_ptr<OciImages> open_oci_archive(const std::string& path) {
  const auto archive = std::make_shared<const ArchiveIndex>(open_archive(path));
  auto files = std::make_unique<LayoutInArchive>(archive);
  check_layout_version(*files);
  if (!files->find_file("index.json")) {
    refuse_cut(*archive, *files, nullptr);
  }
  auto index = read_layout_index(*files);
  refuse_cut(*archive, *files, &index);
  return std::make_unique<ReadOnlyLayout>(std::move(files), std::move(index));
}

} // namespace regctl
