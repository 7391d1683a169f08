// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/user_folders.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

using namespace regctl;

namespace {

using Variables = std::map<std::string, std::string>;

Environment with(const Variables& variables) {
  return [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

struct Row {
  const char* variable;
  std::optional<std::filesystem::path> (*folder)(const Environment&);
  const char* below_home;
};

const Row k_rows[] = {{"XDG_CONFIG_HOME", config_folder, "/home/bob/.config"},
                      {"XDG_DATA_HOME", data_folder, "/home/bob/.local/share"},
                      {"XDG_STATE_HOME", state_folder, "/home/bob/.local/state"}};

} // namespace

TEST_SUITE_BEGIN("base/user_folders");

TEST_CASE("a folder is where its variable says, else below the home") {
  for (const auto& row : k_rows) {
    CAPTURE(row.variable);
    CHECK(row.folder(with({{row.variable, "/else"}, {"HOME", "/home/bob"}})) == "/else");
    CHECK(row.folder(with({{row.variable, "/else"}})) == "/else");
    CHECK(row.folder(with({{"HOME", "/home/bob"}})) == row.below_home);
    CHECK(row.folder(with({{row.variable, ""}, {"HOME", "/home/bob"}})) == row.below_home);
    CHECK(row.folder(with({})) == std::nullopt);
  }
}

TEST_CASE("a relative path in a variable of XDG is ignored") {
  for (const auto& row : k_rows) {
    CAPTURE(row.variable);
    CHECK(row.folder(with({{row.variable, "else"}, {"HOME", "/home/bob"}})) == row.below_home);
    CHECK(row.folder(with({{row.variable, "./else"}})) == std::nullopt);
  }
  CHECK(runtime_folder(with({{"XDG_RUNTIME_DIR", "run"}})) == std::nullopt);
}

TEST_CASE("the home, and the folder of a run, are what is set") {
  CHECK(home_folder(with({{"HOME", "/home/bob"}})) == "/home/bob");
  CHECK(home_folder(with({{"HOME", ""}})) == std::nullopt);
  CHECK(runtime_folder(with({{"XDG_RUNTIME_DIR", "/run/user/7"}, {"HOME", "/home/bob"}})) ==
        "/run/user/7");
  CHECK(runtime_folder(with({{"HOME", "/home/bob"}})) == std::nullopt);
}

TEST_SUITE_END();
