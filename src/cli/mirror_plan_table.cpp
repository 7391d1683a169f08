// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_plan_table.hpp"

#include "cli/text.hpp"
#include "cli/units.hpp"

#include <string>
#include <vector>

namespace regctl::cli {

namespace {

using ops::mirror::TagResult;

constexpr std::size_t k_columns = 100;

/// "-" if nothing moves, "N/A" if the size is unknown.
std::string show_bytes(const TagResult& result, std::uint64_t bytes) {
  if (!is_transfer(result.tag)) {
    return "-";
  }
  return result.ahead.has_all_sizes ? human_size(bytes) : "N/A";
}

std::vector<std::string> to_cells(const TagResult& result) {
  const auto& tag = result.tag;
  return {std::string(to_string(tag.action)),
          tag.destination_name + ":" + tag.tag,
          show_id(tag),
          show_bytes(result, result.ahead.bytes),
          show_bytes(result, result.ahead.bytes_shared),
          tag.reason};
}

} // namespace

void MirrorPlanTable::add(const TagResult& result) {
  if (!is_shown(result.tag, shown_)) {
    return;
  }
  if (!rows_) {
    rows_.emplace(context_, std::vector<std::string>{"ACTION", "TAG", "IMAGE ID", "TO MOVE",
                                                     "SHARED", "REASON"});
  }
  rows_->add_row(to_cells(result));
}

void MirrorPlanTable::finish(const ops::mirror::Summary& summary, SizesAsked asked) {
  if (rows_) {
    rows_->finish();
    context_.print_line("");
  }
  for (const auto& sentence : plan_totals(summary, asked)) {
    auto text = wrap(sentence, 0, k_columns);
    text.pop_back(); // print_line() adds the line feed
    context_.print_line(text);
  }
}

} // namespace regctl::cli
