// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <regctl/base/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::cli {

/// Prints one JSON document with its end of line. Bytes that are not UTF-8 become U+FFFD, and
/// characters that could change a terminal's state are written as \u escapes.
void print_json(std::ostream& out, const Json& document);

/// The same as one line with its end.
std::string print_json_line(const Json& document);

/// One JSON object that is written member by member, for results too large to be held. Nothing is
/// written before the first element of an array, or the end: what is refused before leaves nothing.
class JsonStream {
public:
  explicit JsonStream(std::ostream& out) : out_(out) {}

  void member(std::string_view name, const Json& value);
  /// Until end_array(), add() is what comes next.
  void begin_array(std::string_view name);
  void add(const Json& element);
  void end_array();
  void end();

private:
  void begin_member(std::string_view name);
  void write(const std::string& text);
  void write_held();

  std::ostream& out_;
  std::string held_;
  bool is_holding_ = true;
  bool is_first_member_ = true;
  bool is_first_element_ = true;
};

/// The rows of a command's result as they come: a table, or with --format json one array that is
/// written row by row. An error leaves the array open: half a listing is not a listing.
///
/// A table holds back its first rows (k_held_rows, or as many as come within k_held_time of the
/// first) to find the widths of its columns; a later cell that is wider widens its column from
/// there on. Cells are made visible() here.
class Listing {
public:
  /// A listing without headings prints its cells alone.
  Listing(Context& context, std::vector<std::string> headings);

  [[nodiscard]] bool wants_json() const noexcept { return context_.wants_json(); }

  /// What the columns will at least be as wide as, used if rows are printed before all are known.
  void expect_widths(std::vector<std::size_t> widths) { expected_widths_ = std::move(widths); }

  /// For wants_json().
  void add(const Json& object);
  /// For a table; as many cells as headings.
  void add_row(std::vector<std::string> cells);
  /// What a table without rows is: a listing of nothing, or nothing to tell.
  enum class WhenEmpty { headings, nothing };

  /// Writes what is held back and ends the array. An empty table has its headings.
  void finish();
  void finish(WhenEmpty when_empty);

  static constexpr std::size_t k_held_rows = 100;
  static constexpr std::chrono::milliseconds k_held_time{500};

private:
  void print_held();
  void print_row(const std::vector<std::string>& cells);

  Context& context_;
  std::vector<std::size_t> widths_;
  std::vector<std::size_t> expected_widths_;
  std::vector<std::vector<std::string>> held_; ///< the headings are the first
  bool is_holding_ = true;
  std::optional<std::chrono::system_clock::time_point> since_; ///< the first row
  std::size_t printed_objects_ = 0;
};

} // namespace regctl::cli
