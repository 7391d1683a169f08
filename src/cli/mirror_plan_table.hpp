// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "cli/mirror_text.hpp"
#include "cli/output.hpp"

#include <optional>

namespace regctl::cli {

/// A mirror's plan as a table, row by row as it is made, with what it comes to below it. Not
/// thread-safe.
class MirrorPlanTable {
public:
  MirrorPlanTable(Context& context, ShownTags shown) : context_(context), shown_(shown) {}

  void add(const ops::mirror::TagResult& result);
  void finish(const ops::mirror::Summary& summary, SizesAsked asked);

private:
  Context& context_;
  ShownTags shown_;
  std::optional<Listing> rows_; ///< nothing until the first one: no rows, no headings
};

} // namespace regctl::cli
