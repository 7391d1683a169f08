// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/record_sorter.hpp>
#include <regctl/ops/file_entry.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace regctl::ops {

/// The file system of an image: its entries, sorted so that a folder comes right before what is in
/// it. A value type.
struct ImageFiles {
  std::vector<SortedRecords> lists;
};

/// The file system that layers (the base first), as read_layer_content() gives them, make: the
/// highest form of each path, without what was removed, and with hard links resolved as flatten()
/// does. All is sorted on disk; memory does not depend on the number of files. Throws
/// Error{unsupported} for too many layers; Error{protocol} for a hard link to what is no file in
/// the layers below; Error{local_io} for a full disk.
ImageFiles make_image_files(const std::vector<SortedRecords>& layers,
                            const std::shared_ptr<RecordFile>& file);

/// Reads the entries of an image one by one. Not thread-safe.
class ImageFilesReader {
public:
  explicit ImageFilesReader(const ImageFiles& files) : merge_(files.lists) {
    has_record_ = merge_.next();
  }

  /// The next entry, or nothing at the end.
  std::optional<FileEntry> next();

private:
  RecordMerge merge_;
  bool has_record_ = false;
};

} // namespace regctl::ops
