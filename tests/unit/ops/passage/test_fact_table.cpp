// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/fact_table.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace regctl::ops;

namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts all(const FactTable& table) {
  Facts facts;
  table.for_each([&](const auto& name, const auto& text) { facts.emplace_back(name, text); });
  return facts;
}

} // namespace

TEST_SUITE_BEGIN("ops/passage/fact_table");

TEST_CASE("names and texts come back as they were") {
  const std::string hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const std::vector<std::string> texts = {"",
                                          "-",
                                          hex,
                                          hex.substr(1),
                                          hex + "0",
                                          "sha256:" + hex,
                                          "sha256:" + hex + ",sha256:" + hex + " 123 gzip -",
                                          "sha256:" + hex.substr(0, 63) + "F",
                                          "sha512:" + hex + hex,
                                          std::string("\x01\x02\x03\x04\0\xff", 6),
                                          std::string(300'000, 'x')};
  FactTable table(100);
  for (const auto& name : texts) {
    for (const auto& text : texts) {
      CHECK(table.put(name, text));
      CHECK_FALSE(table.put(name, text));
      CHECK(table.find(name) == text);
    }
  }
  CHECK(table.size() == texts.size());
  CHECK_FALSE(table.find("gone"));
}

TEST_CASE("facts are told in the order of their last use") {
  FactTable table(100);
  table.put("a", "1");
  table.put("b", "2");
  table.put("c", "3");
  table.add_unused("d", "4");
  table.add_unused("c", "5");
  CHECK(table.find("a"));
  CHECK(all(table) == Facts{{"d", "4"}, {"b", "2"}, {"c", "3"}, {"a", "1"}});
}

TEST_CASE("a full table drops what was not used for the longest time") {
  FactTable table(16);
  for (int i = 0; i < 16; ++i) {
    table.put(std::to_string(i), "text");
  }
  CHECK(table.find("0"));
  table.add_unused("full", "text");
  CHECK_FALSE(table.find("full"));
  table.put("16", "text");
  CHECK(table.size() == 15);
  CHECK_FALSE(table.find("1"));
  CHECK_FALSE(table.find("2"));
  for (const auto* name : {"0", "3", "15", "16"}) {
    CHECK(table.find(name) == "text");
  }
}

TEST_CASE("texts that are replaced again and again take no more and more space") {
  FactTable table(10'000);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 5'000; ++i) {
      table.put(std::to_string(i), std::to_string(round));
    }
  }
  CHECK(table.size() == 5'000);
  for (int i = 0; i < 5'000; ++i) {
    CHECK(table.find(std::to_string(i)) == "49");
  }
}

TEST_SUITE_END();
