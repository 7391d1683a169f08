// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "objects/credentials/ini.hpp"

#include <algorithm>

using namespace regctl;

namespace {

void check(bool is_so) {
  if (!is_so) {
    __builtin_trap();
  }
}

bool is_trimmed(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\r\n";
  return text.empty() || (k_blanks.find(text.front()) == std::string_view::npos &&
                          k_blanks.find(text.back()) == std::string_view::npos);
}

void check_property(const std::string& name, const std::string& value) {
  check(!name.empty() && is_trimmed(name) && name.find('=') == std::string::npos);
  check(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  check(value.starts_with('\n') || is_trimmed(value));
  const auto nested = objects::find_nested(value, "name");
  check(!nested || (!nested->empty() && is_trimmed(*nested)));
}

} // namespace

/// Names and values are trimmed, and an error quotes nothing of a file that has secrets in it.
void fuzz(const std::string& input) {
  constexpr std::size_t k_longest_message = 100;
  try {
    for (const auto& section : objects::parse_ini(input, "it")) {
      check(is_trimmed(section.name));
      for (const auto& [name, value] : section.properties) {
        check_property(name, value);
      }
    }
  } catch (const Error& error) {
    check(error.kind() == ErrorKind::usage && error.message().size() < k_longest_message);
  }
}
