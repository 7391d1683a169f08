// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "ops/mirror/plan_line.hpp"

#include <regctl/ops/mirror/config.hpp>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void fuzz_config(const std::string& text) {
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "X" ? std::optional<std::string>("secret-of-x") : std::nullopt;
  };
  try {
    parse_mirror_config(text, "file", environment);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::usage);
    require(error.message().find("secret-of-x") == std::string::npos ||
            text.find("secret-of-x") != std::string::npos);
  }
}

/// The pattern is before the first line feed, the name behind it.
void fuzz_pattern(const std::string& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto pattern = Pattern::parse(text.substr(0, end));
  const auto name = text.substr(std::min(end + 1, text.size()));
  const auto caught = pattern.captures(name);
  require(caught.has_value() == pattern.matches(name));
  require(!caught || (caught->front() == name && caught->size() == pattern.capture_count() + 1));
  require(Pattern::parse(pattern.to_string()) == pattern);
}

/// The range is before the first line feed, two versions are behind it.
void fuzz_semver(const std::string& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto middle = std::min(text.find('\n', std::min(end + 1, text.size())), text.size());
  const auto a = parse_semver(text.substr(std::min(end + 1, text.size()), middle - end - 1));
  const auto b = parse_semver(text.substr(std::min(middle + 1, text.size())));
  if (a && b) {
    require((*a <=> *b) == (0 <=> (*b <=> *a)));
    require(parse_semver(a->to_string()) == a);
  }
  const auto range = SemverRange::parse(text.substr(0, end));
  if (a) {
    require(range.contains(*a) == SemverRange::parse(range.to_string()).contains(*a));
  }
}

void fuzz_plan_line(const std::string& text) {
  const auto line = parse_plan_line(text, "line 1");
  if (line.is_repository) {
    return; // a name, or a record that only --failures writes
  }
  const auto printed = print_plan_line(line);
  require(printed.find('\n') == std::string::npos);
  require(print_plan_line(parse_plan_line(printed, "line 1")) == printed);
}

void fuzz_words(const std::string& text) {
  const auto try_it = [&](auto&& parse) {
    try {
      parse(text);
    } catch (const Error&) { // is no such thing
    }
  };
  try_it(parse_duration);
  try_it(parse_size);
  try_it(parse_share);
  try_it([](const auto& it) {
    const auto bandwidth = parse_bandwidth(it);
    require(bandwidth.is_limited() || !bandwidth.at(std::chrono::minutes(600)));
  });
  try_it(Shard::parse);
  try_it([](const auto& it) {
    const auto written = Endpoint::parse(it).to_string();
    require(Endpoint::parse(written).to_string() == written);
  });
  try_it([](const auto& it) {
    Rules rules;
    rules.renames = {Rename::parse(it)};
    require(!rules.destination_name("team/app").empty());
  });
}

} // namespace

/// The first letter says what the rest is.
void fuzz(const std::string& input) {
  const auto rest = input.empty() ? input : input.substr(1);
  switch (input.empty() ? '\0' : input.front()) {
  case 'c':
    fuzz_config(rest);
    break;
  case 'p':
    fuzz_pattern(rest);
    break;
  case 's':
    fuzz_semver(rest);
    break;
  case 'l':
    fuzz_plan_line(rest);
    break;
  case 'w':
    fuzz_words(rest);
    break;
  default:
    break;
  }
}
