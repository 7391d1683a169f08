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

/// Prints one JSON document and a line feed. Bytes that are not UTF-8 become U+FFFD, and characters
/// that could change a terminal's state become \u escapes.
void print_json(std::ostream& out, const Json& document);

/// The same document as one line, with its line feed.
std::string print_json_line(const Json& document);

/// Writes one JSON object member by member, for results too large for memory. Nothing is written
/// before the first element of an array or the end, so that an early error leaves no output.
class JsonStream {
public:
  explicit JsonStream(std::ostream& out) : out_(out) {}

  void member(std::string_view name, const Json& value);
  /// After this, only add() may be called until end_array().
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

/// The rows of a command's result, printed as they come: a table, or with --format json one array.
/// After an error the array stays open, so that a part of a listing is not valid JSON.
///
/// A table holds back its first rows to find the widths of its columns: k_held_rows rows, or those
/// that come within k_held_time of the first. A wider cell in a later row widens its column from
/// there on. Cells are made visible() here.
class Listing {
public:
  /// A listing without headings prints only its cells.
  Listing(Context& context, std::vector<std::string> headings);

  [[nodiscard]] bool wants_json() const noexcept { return context_.wants_json(); }

  /// Minimum widths of the columns, for rows that are printed before all are known.
  void expect_widths(std::vector<std::size_t> widths) { expected_widths_ = std::move(widths); }

  /// Adds a row as JSON; only if wants_json().
  void add(const Json& object);
  /// Adds a row to the table; needs as many cells as headings.
  void add_row(std::vector<std::string> cells);
  /// What to print for a table without rows.
  enum class WhenEmpty { headings, nothing };

  /// Writes the rows held back and ends the array. An empty table prints its headings.
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
  std::vector<std::vector<std::string>> held_; ///< the first one holds the headings
  bool is_holding_ = true;
  std::optional<std::chrono::system_clock::time_point> since_; ///< time of the first row
  std::size_t printed_objects_ = 0;
};

} // namespace regctl::cli
