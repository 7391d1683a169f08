// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"

#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

namespace regctl::test {

/// A storage tree that distribution wrote ("pushed", "wild" or "3.x"), unpacked into a folder.
inline void unpack_v2_tree(const std::string& name, const std::filesystem::path& folder) {
  const auto command = "tar -xzf '" + std::string(REGCTL_TEST_DATA) + "/v2/tree-v2-" + name +
                       ".tar.gz' --no-same-owner -C '" + folder.string() + "'";
  REQUIRE(std::system(command.c_str()) == 0);
}

/// Calls `on_line` with what was found out about each repository and manifest of such a tree, by
/// servers and by hand; see README.md beside the trees.
inline void for_each_expectation(const std::string& name,
                                 const std::function<void(const Json&)>& on_line) {
  std::ifstream file(std::string(REGCTL_TEST_DATA) + "/v2/expectations.jsonl");
  REQUIRE(file);
  for (std::string line; std::getline(file, line);) {
    const auto document = parse_json(line, "a line");
    if (document["tree"] == "tree-v2-" + name) {
      on_line(document);
    }
  }
}

} // namespace regctl::test
