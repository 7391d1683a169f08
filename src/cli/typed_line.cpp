// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_line.hpp"

#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::cli {

namespace {

std::string quoted(const std::string& word) {
  constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_-./:=@,%+^";
  if (!word.empty() && word.find_first_not_of(k_plain) == std::string::npos) {
    return word;
  }
  std::string text = "'";
  for (const char c : word) {
    text += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return text + "'";
}

} // namespace

std::string typed_line(const std::vector<std::string>& arguments) {
  std::string line = "regctl";
  for (const auto& argument : arguments) {
    line += " " + quoted(without_password(argument));
  }
  return line;
}

std::string typed_line_with(std::vector<std::string> arguments, std::string_view word,
                            const std::string& instead) {
  std::replace(arguments.begin(), arguments.end(), std::string(word), instead);
  return typed_line(arguments);
}

} // namespace regctl::cli
