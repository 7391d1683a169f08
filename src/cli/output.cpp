// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include "cli/text.hpp"

#include <regctl/base/json.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

namespace regctl::cli {

namespace {

constexpr std::size_t k_gap = 3; // between columns, as in docker's tables

std::string to_text(const Json& document) {
  return visible_json(document.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string indented(const std::string& text) {
  std::string result = "  ";
  for (const char c : text) {
    result += c;
    if (c == '\n') {
      result += "  ";
    }
  }
  return result;
}

} // namespace

void print_json(std::ostream& out, const Json& document) {
  out << to_text(document) << '\n';
}

std::string print_json_line(const Json& document) {
  return visible_json(dump_json(document)) + "\n";
}

void JsonStream::write(const std::string& text) {
  if (is_holding_) {
    held_ += text;
  } else {
    out_ << text;
  }
}

void JsonStream::write_held() {
  is_holding_ = false;
  out_ << std::exchange(held_, {});
}

void JsonStream::begin_member(std::string_view name) {
  write((is_first_member_ ? "{\n  " : ",\n  ") + json_quote(name) + ": ");
  is_first_member_ = false;
}

void JsonStream::member(std::string_view name, const Json& value) {
  begin_member(name);
  const auto text = indented(to_text(value));
  write(text.substr(text.find_first_not_of(' ')));
}

void JsonStream::begin_array(std::string_view name) {
  begin_member(name);
  is_first_element_ = true;
}

void JsonStream::add(const Json& element) {
  write_held();
  out_ << (is_first_element_ ? "[\n" : ",\n") << indented(indented(to_text(element)));
  is_first_element_ = false;
}

void JsonStream::end_array() {
  write(is_first_element_ ? "[]" : "\n  ]");
}

void JsonStream::end() {
  write_held();
  out_ << "\n}\n";
}

Listing::Listing(Context& context, std::vector<std::string> headings)
    : context_(context), widths_(headings.size()) {
  if (!headings.empty()) {
    held_.push_back(std::move(headings));
  }
}

void Listing::add(const Json& object) {
  context_.out() << (printed_objects_++ == 0 ? "[\n" : ",\n") << indented(to_text(object));
  context_.out().flush();
}

void Listing::add_row(std::vector<std::string> cells) {
  for (auto& cell : cells) {
    cell = visible(cell);
  }
  if (!is_holding_) {
    print_row(cells);
    context_.out().flush(); // the reader of a pipe wants each line at once
    return;
  }
  held_.push_back(std::move(cells));
  const auto now = context_.console().now();
  since_ = since_.value_or(now);
  if (held_.size() > k_held_rows || now - *since_ >= k_held_time) {
    widths_.resize(std::max(widths_.size(), expected_widths_.size()));
    std::transform(expected_widths_.begin(), expected_widths_.end(), widths_.begin(),
                   widths_.begin(), [](std::size_t a, std::size_t b) { return std::max(a, b); });
    print_held();
  }
}

void Listing::finish() {
  finish(WhenEmpty::headings);
}

void Listing::finish(WhenEmpty when_empty) {
  const bool is_empty = is_holding_ && held_.size() <= 1; // only the headings
  if (wants_json()) {
    context_.out() << (printed_objects_ == 0 ? "[]\n" : "\n]\n") << std::flush;
  } else if (is_holding_ && !(is_empty && when_empty == WhenEmpty::nothing)) {
    print_held();
  }
}

void Listing::print_held() {
  is_holding_ = false;
  for (const auto& row : held_) {
    widths_.resize(std::max(widths_.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths_[i] = std::max(widths_[i], display_width(row[i]));
    }
  }
  for (const auto& row : held_) {
    print_row(row);
  }
  held_.clear();
  context_.out().flush();
}

void Listing::print_row(const std::vector<std::string>& cells) {
  std::string line;
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], display_width(cells[i]));
    line += i + 1 == cells.size() ? cells[i] : pad(cells[i], widths_[i] + k_gap);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  context_.print_line(line); // above the progress display
}

} // namespace regctl::cli
