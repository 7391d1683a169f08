// SPDX-License-Identifier: Apache-2.0
#include "cli/json_text.hpp"

namespace regctl::cli {

void print_json(std::ostream& out, const Json& document) {
  out << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void JsonList::add(const Json& member) {
  out_ << (is_first_ ? "[\n  " : ",\n  ")
       << member.dump(-1, ' ', false, Json::error_handler_t::replace);
  is_first_ = false;
}

void JsonList::finish() {
  out_ << (is_first_ ? "[]\n" : "\n]\n");
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

} // namespace regctl::cli
