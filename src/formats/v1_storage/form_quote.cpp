// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/form_quote.hpp"

#include <regctl/base/text.hpp>

namespace regctl {

namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

} // namespace

std::string form_quote(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string quoted;
  for (const char c : text) {
    if (is_unreserved(c)) {
      quoted += c;
    } else if (c == ' ') {
      quoted += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      quoted += '%';
      quoted += k_digits[byte >> 4U];
      quoted += k_digits[byte & 15U];
    }
  }
  return quoted;
}

std::optional<std::string> form_unquote(std::string_view text) {
  return percent_decode(text, Plus::space);
}

} // namespace regctl
