// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "cli/mirror_text.hpp"
#include "cli/output.hpp"

#include <optional>

namespace regctl::cli {

/// The table of a mirror's plan, printed row by row during planning, with totals below it. Not
/// thread-safe.
class MirrorPlanTable {
public:
  MirrorPlanTable(Context& context, ShownTags shown) : context_(context), shown_(shown) {}

  void add(const ops::mirror::TagResult& result);
  void finish(const ops::mirror::Summary& summary, SizesAsked asked);

private:
  Context& context_;
  ShownTags shown_;
  std::optional<Listing> rows_; ///< created with the first row: no rows, no headings
};

} // namespace regctl::cli
