// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/form_quote.hpp"

#include <doctest/doctest.h>

using namespace regctl;

TEST_SUITE_BEGIN("formats/v1_storage/form_quote");

TEST_CASE("names are quoted as Python's quote_plus does") {
  struct Row {
    std::string plain;
    const char* quoted;
  };
  const Row rows[] = {
      {"", ""},
      {"app", "app"},
      {"a-b_c.d", "a-b_c.d"},
      {"deep/name", "deep%2Fname"},
      {"deep%2Fname", "deep%252Fname"},
      {"a b+c", "a+b%2Bc"},
      {"~", "%7E"}, // Python 2 quotes it
      {"\xC3\xB6", "%C3%B6"},
      {"\x01\xFF", "%01%FF"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.plain);
    CHECK(form_quote(row.plain) == row.quoted);
    CHECK(form_unquote(row.quoted) == row.plain);
  }
  for (const auto* bad : {"%", "%2", "a%2", "%zz", "%2g", "%%%", "%00"}) {
    CAPTURE(bad);
    CHECK(form_unquote(bad) == std::nullopt);
  }
  CHECK(form_unquote("%2f") == "/");
}
