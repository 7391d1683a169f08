// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/lines.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace regctl;

namespace {

std::vector<std::string> read(const std::string& text, std::size_t piece_bytes) {
  LineReader reader(std::make_unique<test::PiecewiseSource>(text, piece_bytes), "the text");
  std::vector<std::string> lines;
  while (auto line = reader.next()) {
    lines.push_back(*line);
    CHECK(reader.number() == lines.size());
  }
  CHECK(!reader.next());
  return lines;
}

} // namespace

TEST_SUITE_BEGIN("base/lines");

TEST_CASE("a text is read line by line, in whatever pieces it comes") {
  struct Row {
    std::string text;
    std::vector<std::string> lines;
  };
  const Row rows[] = {
      {"", {}},
      {"\n", {""}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"a\nb", {"a", "b"}},
      {"a\r\nb\r\n\nc", {"a", "b", "", "c"}},
      {std::string(20'000, 'x') + "\n" + std::string(50'000, 'y'),
       {std::string(20'000, 'x'), std::string(50'000, 'y')}},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1U, 7U, 65'536U}) {
      CHECK(read(row.text, piece) == row.lines);
    }
  }
}

TEST_CASE("an endless line is refused") {
  try {
    read("a\n" + std::string(10 * LineReader::k_limit_bytes, 'x'), 65'536);
    FAIL("was read");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message().find("the text, line 2 is longer than") != std::string::npos);
  }
}

TEST_SUITE_END();
