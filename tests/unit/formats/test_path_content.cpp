// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/formats/path_content.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using regctl::look_at_path;
using regctl::PathContent;
using regctl::test::TemporaryFolder;

TEST_SUITE_BEGIN("formats/path_content");

TEST_CASE("the kind of a path is decided by the files that are there") {
  const TemporaryFolder folder;
  const auto at = [&](const std::string& name) { return (folder.path() / name).string(); };
  for (const char* name : {"tree/images", "half/repositories", "layout", "other/sub"}) {
    std::filesystem::create_directories(at(name));
  }
  for (const char* name : {"file", "layout/oci-layout", "other/images", "other/repositories"}) {
    std::ofstream(at(name)) << "{}";
  }
  std::filesystem::create_symlink("tree", at("link"));
  std::filesystem::create_symlink("nowhere", at("broken"));
  CHECK(look_at_path(at("tree")) == PathContent::storage_tree);
  CHECK(look_at_path(at("tree/")) == PathContent::storage_tree);
  CHECK(look_at_path(at("half")) == PathContent::storage_tree);
  CHECK(look_at_path(at("link")) == PathContent::storage_tree);
  CHECK(look_at_path(at("layout")) == PathContent::oci_layout);
  CHECK(look_at_path(at("other")) == PathContent::other_folder); // an unpacked docker save
  CHECK(look_at_path(at("file")) == PathContent::file);
  CHECK(look_at_path("/dev/null") == PathContent::file);
  CHECK(look_at_path(at("broken")) == PathContent::nothing);
  CHECK(look_at_path(at("none")) == PathContent::nothing);
  CHECK(look_at_path("") == PathContent::nothing);
  CHECK(look_at_path(std::string(10'000, 'a')) == PathContent::nothing);
}

TEST_SUITE_END();
