// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace regctl::cli {

/// Rows under a heading, in columns. The first rows decide the widths, so that rows can come
/// without end: they are held back until there are k_held_rows of them. Cells are made printable.
class Table {
public:
  /// `out` must outlive the table.
  Table(std::ostream& out, std::vector<std::string> heading);
  void add(std::vector<std::string> cells);
  /// Writes what is held back; to be called at the end.
  void finish();

  static constexpr std::size_t k_held_rows = 200;

private:
  void write(const std::vector<std::string>& cells);

  std::ostream& out_;
  std::vector<std::vector<std::string>> held_; ///< the heading and the first rows
  std::vector<std::size_t> widths_;            ///< empty until they are decided
};

} // namespace regctl::cli
