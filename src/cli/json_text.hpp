// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>

#include <ostream>
#include <string>

namespace regctl::cli {

/// Writes one document, indented by two, and a line end. Bytes that are no UTF-8 become U+FFFD.
void print_json(std::ostream& out, const Json& document);

/// Writes a list whose members come one by one: "[", a line for each, "]".
class JsonList {
public:
  explicit JsonList(std::ostream& out) : out_(out) {}
  void add(const Json& member);
  void finish();

private:
  std::ostream& out_; // outlives the list
  bool is_first_ = true;
};

/// `text`, or null if it is empty.
Json text_or_null(const std::string& text);

} // namespace regctl::cli
