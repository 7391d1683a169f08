// SPDX-License-Identifier: Apache-2.0
#include "server/v1/search_index.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using server::make_folder_index;
using test::TemporaryFolder;

namespace {

using Names = std::vector<std::string>;

struct Fixture {
  TemporaryFolder folder;
  std::shared_ptr<V1Storage> storage =
      V1Storage::open(folder.path().string(), V1Storage::Missing::create);

  void make(const std::string& name) { storage->add_index_images(name, {}, {}); }
};

} // namespace

TEST_SUITE_BEGIN("server/v1/search_index");

TEST_CASE_FIXTURE(Fixture, "parts of names are found in any case, and results are sorted") {
  for (const auto* name : {"team/Demo", "library/demo", "team/deep/demo-2", "other/100%_x"}) {
    make(name);
  }
  const auto opened = make_folder_index(storage);
  auto& index = *opened;
  CHECK(index.size() == 4);
  CHECK(index.find("DEMO") == Names{"library/demo", "team/Demo", "team/deep/demo-2"});
  CHECK(index.find("m/de") == Names{"team/Demo", "team/deep/demo-2"});
  CHECK(index.find("") == Names{"library/demo", "other/100%_x", "team/Demo", "team/deep/demo-2"});
  CHECK(index.find("%_") == Names{"other/100%_x"}); // no wildcards
  CHECK(index.find("nothing").empty());
}

TEST_CASE_FIXTURE(Fixture, "repositories written by the server or by others are found at once") {
  const auto opened = make_folder_index(storage);
  auto& index = *opened;
  CHECK(index.find("").empty());
  make("team/a"); // by somebody else
  CHECK(index.find("") == Names{"team/a"});
  make("team/b");
  make("team2/c");
  CHECK(index.find("") == Names{"team/a", "team/b", "team2/c"});
  index.add("team/d"); // announced, and on the disk a moment later
  make("team/d");
  CHECK(index.find("d") == Names{"team/d"});
  storage->remove_repository("team/a");
  std::filesystem::remove_all(folder / "repositories/team2");
  CHECK(index.find("") == Names{"team/b", "team/d"});
  index.remove("team/b");
  storage->remove_repository("team/b");
  CHECK(index.find("") == Names{"team/d"});
}

TEST_CASE_FIXTURE(Fixture, "folders with impossible names are skipped") {
  make("team/a");
  for (const auto* path :
       {"repositories/te%am/x", "repositories/team/%2", "repositories/team/a%2Fb",
        "repositories/team/..%252F", "repositories/.hidden/x"}) {
    std::filesystem::create_directories(folder / path);
  }
  const auto opened = make_folder_index(storage);
  auto& index = *opened;
  CHECK(index.find("") == Names{"team/a"});
}
