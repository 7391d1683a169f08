// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/record_sorter.hpp>

#include <memory>
#include <vector>

namespace regctl::ops {

/// What shows of the layers of an image.
struct ShownFiles {
  SortedRecords shown;    ///< every path that shows: RecordKind::shown
  SortedRecords resolved; ///< the files behind hard links: RecordKind::resolved
  bool has_links = false; ///< whether a hard link shows
};

/// Goes through the records of all layers, the base first, path by path.
ShownFiles find_shown_files(const std::vector<SortedRecords>& layers,
                            const std::shared_ptr<RecordFile>& file);

} // namespace regctl::ops
