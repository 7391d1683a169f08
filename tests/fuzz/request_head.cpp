// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_head.hpp"

#include "fuzz/fuzz.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

using regctl::server::RequestHead;
using std::string_view_literals::operator""sv;

namespace {

constexpr auto k_end_of_line = "\r\n"sv;

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

/// The next line, of which a lenient reader takes CRLF and LF for the end; nothing without one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// "GET /v1/_ping HTTP/1.1"; nothing where even a lenient reader gives up.
std::optional<RequestHead> read_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  RequestHead head;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  head.version = line.substr(last + 1);
  head.version_at_bytes = last + 1;
  return head.version == "HTTP/1.1" || head.version == "HTTP/1.0" ? std::optional(head)
                                                                  : std::nullopt;
}

/// A field as the lenient reader has it: without spaces before the value, which a NUL ends.
RequestHead::Field read_field(std::string_view line) {
  RequestHead::Field field;
  const auto colon = std::min(line.find(':'), line.size());
  field.name = line.substr(0, colon);
  auto value = line.substr(std::min(colon + 1, line.size()));
  field.space_bytes = std::min(value.find_first_not_of(" \t"), value.size());
  value.remove_prefix(field.space_bytes);
  field.value = value.substr(0, value.find('\0'));
  return field;
}

/// The head that `input` begins with.
std::optional<RequestHead> read_head(std::string_view input) {
  auto rest = input;
  auto head = read_request_line(take_line(rest).value_or(""));
  if (!head) {
    return std::nullopt;
  }
  while (const auto line = take_line(rest)) {
    if (line->empty()) {
      head->size_bytes = input.size() - rest.size();
      return head;
    }
    head->fields.push_back(read_field(*line));
    head->fields.back().at_bytes = static_cast<std::size_t>(line->data() - input.data());
  }
  return std::nullopt; // more is waited for
}

} // namespace

/// What passes has been taken apart without a rest, and says once where it ends and for whom it is.
void fuzz(const std::string& input) {
  const auto head = read_head(input);
  if (!head || regctl::server::find_head_fault(*head)) {
    return;
  }
  auto text = std::string_view(input).substr(0, head->size_bytes);
  const auto request_line = std::string(head->method) + " " + std::string(head->target) + " " +
                            std::string(head->version) + "\r\n";
  require(text.starts_with(request_line));
  text.remove_prefix(request_line.size());
  std::map<std::string, int> count;
  bool has_nul = false;
  for (const auto& field : head->fields) {
    const auto name = std::string(field.name) + ":";
    require(text.starts_with(name) && name.find_first_of(" \t\r\n") == std::string::npos);
    text.remove_prefix(name.size());
    require(text.find_first_not_of(" \t") >= field.space_bytes);
    text.remove_prefix(field.space_bytes);
    const auto line = std::string(field.value);
    require(text.starts_with(line) && field.value.find_first_of("\r\n") == std::string::npos);
    text.remove_prefix(line.size());
    // A NUL before bare line feeds is not to be told from CRLF: both are overwritten when read.
    has_nul = text.starts_with('\0');
    require(text.starts_with(k_end_of_line) || has_nul);
    text.remove_prefix(k_end_of_line.size());
    ++count[regctl::lower(field.name)];
  }
  require(text == k_end_of_line || (has_nul && text.size() == k_end_of_line.size()));
  require(count["host"] <= 1 && count["content-length"] + count["transfer-encoding"] <= 1);
}
