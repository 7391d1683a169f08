// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include "cli/text.hpp"

#include <algorithm>

namespace regctl::cli {

namespace {

constexpr std::size_t k_gap = 3;

} // namespace

Table::Table(std::ostream& out, std::vector<std::string> heading) : out_(out) {
  held_.push_back(std::move(heading));
}

void Table::add(std::vector<std::string> cells) {
  for (auto& cell : cells) {
    cell = printable(cell);
  }
  if (!widths_.empty()) {
    write(cells);
    return;
  }
  held_.push_back(std::move(cells));
  if (held_.size() > k_held_rows) {
    finish();
  }
}

void Table::finish() {
  if (!widths_.empty()) {
    return;
  }
  widths_.resize(held_.front().size());
  for (const auto& row : held_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths_[i] = std::max(widths_[i], width_of(row[i]));
    }
  }
  for (const auto& row : held_) {
    write(row);
  }
  held_.clear();
}

void Table::write(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) {
      const auto width = width_of(cells[i]);
      line.append(width < widths_[i] ? widths_[i] - width + k_gap : k_gap, ' ');
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out_ << line << '\n';
}

} // namespace regctl::cli
