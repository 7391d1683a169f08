// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/process.hpp"

#include "objects/credentials/json_key.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/program.hpp>

#include <utility>

namespace regctl::objects {

namespace {

constexpr std::uint64_t k_version = 1; // of the output

/// Whether a backslash before `c` takes its meaning away; elsewhere it is a character.
bool is_escapable(char quote, char c) noexcept {
  return quote == '\0' || (quote == '"' && (c == '"' || c == '\\'));
}

ProgramResult run(const std::vector<std::string>& command, const std::string& what) {
  try {
    return run_program(command);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::local_io) {
      throw;
    }
    throw Error(ErrorKind::denied, what + ": " + error.message(),
                "regctl runs it without a shell: write the path of the program in full");
  }
}

void check_version(std::string_view output, const std::string& what) {
  const auto document = find_json(output);
  const auto* version = document ? find_member(*document, "Version") : nullptr;
  if (version == nullptr || *version != k_version) {
    throw Error(ErrorKind::protocol, what + " prints no JSON object with \"Version\": 1");
  }
}

} // namespace

std::vector<std::string> split_command(std::string_view line) {
  std::vector<std::string> words;
  char quote = '\0';
  bool is_in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      is_in_word = false;
      continue;
    }
    if (!std::exchange(is_in_word, true)) {
      words.emplace_back();
    }
    if (c == '\\' && i + 1 < line.size() && is_escapable(quote, line[i + 1])) {
      words.back() += line[++i];
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') {
    throw Error(ErrorKind::usage, std::string("a quote ") + quote + " has no end");
  }
  return words;
}

FoundKey run_credential_process(const std::string& line, const std::string& origin) {
  const auto what = "credential_process of " + origin;
  const auto command =
      in_context([&] { return "reading " + what; }, [&] { return split_command(line); });
  if (command.empty() || command.front().empty()) {
    throw Error(ErrorKind::usage, what + " names no program");
  }
  const auto result = run(command, what);
  if (result.exit_code != 0) {
    throw Error(ErrorKind::denied, what + " ended with " + std::to_string(result.exit_code),
                "run the command to see why");
  }
  check_version(result.output, what);
  return parse_json_key(result.output, "SessionToken", what);
}

} // namespace regctl::objects
