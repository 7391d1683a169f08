// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_tree.hpp"
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <vector>

using namespace regctl;
using test::failure;
using test::TemporaryFolder;

namespace {

std::vector<std::string> names(const Tree& tree, const std::string& path,
                               Tree::Hidden hidden = Tree::Hidden::skip) {
  std::vector<std::string> found;
  tree.list(
      path, [&](const std::string& name) { found.push_back(name); }, hidden);
  std::sort(found.begin(), found.end());
  return found;
}

} // namespace

TEST_SUITE_BEGIN("formats/v1_tree");

TEST_CASE("files and folders are found where they are") {
  const TemporaryFolder folder;
  const Tree tree(folder.path().string());
  std::filesystem::create_directories(folder / "a/b");
  std::ofstream(folder / "a/file") << "12345";
  std::ofstream(folder / "a/.half") << "";
  CHECK(tree.read("a/file", 5) == "12345");
  CHECK(failure([&] { static_cast<void>(tree.read("a/file", 4)); }) == ErrorKind::protocol);
  CHECK(tree.read("a/none", 5) == std::nullopt);
  CHECK(tree.read("a/file/none", 5) == std::nullopt);
  CHECK(tree.read("a/" + std::string(300, 'x'), 5) == std::nullopt);
  CHECK(tree.find_file("a/file")->size_bytes == 5);
  CHECK(failure([&] { static_cast<void>(tree.read("a/b", 5)); }) == ErrorKind::protocol);
  CHECK(tree.has("a/b"));
  CHECK(tree.find_folder("a/b"));
  CHECK_FALSE(tree.find_folder("a/file"));
  CHECK(names(tree, "a") == std::vector<std::string>{"b", "file"});
  CHECK(names(tree, "a", Tree::Hidden::show) == std::vector<std::string>{".half", "b", "file"});
  CHECK(names(tree, "none").empty());
  CHECK(tree.make_folder("x/y/z"));
  CHECK(tree.make_folder("x/y/z"));
  CHECK(std::filesystem::is_directory(folder / "x/y/z"));
  CHECK_THROWS_AS(static_cast<void>(tree.make_folder("a/file/x")), Error);
  CHECK(tree.what("a/b") == "'" + folder.path().string() + "/a/b'");
  CHECK(failure([&] { Tree((folder / "none").string()); }) == ErrorKind::not_found);
}

TEST_CASE("no path leads out") {
  const TemporaryFolder outside;
  std::ofstream(outside / "file") << "secret";
  const TemporaryFolder folder;
  const Tree tree(folder.path().string());
  std::filesystem::create_directory(folder / "in");
  std::ofstream(folder / "in/file") << "ours";
  std::filesystem::create_symlink(outside.path(), folder / "absolute");
  std::filesystem::create_symlink(std::filesystem::relative(outside.path(), folder.path()),
                                  folder / "relative");
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_symlink("in", folder / "within");
  std::filesystem::create_symlink("/proc/self/cwd", folder / "magic");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  for (const auto* path :
       {"absolute/file", "relative/file", "../x", "in/../../x", "loop/file", "magic/x"}) {
    CAPTURE(path);
    CHECK(failure([&] { static_cast<void>(tree.read(path, 100)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.has(path)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.make_folder(path)); }) == ErrorKind::protocol);
  }
  CHECK(failure([&] { names(tree, "absolute"); }) == ErrorKind::protocol);
  CHECK(tree.read("within/file", 100) == "ours");
  CHECK(tree.read("dangling", 100) == std::nullopt);
  CHECK(std::distance(std::filesystem::directory_iterator(outside.path()), {}) == 1);
}

TEST_CASE("a pipe does not hold anybody up") {
  const TemporaryFolder folder;
  const Tree tree(folder.path().string());
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(failure([&] { static_cast<void>(tree.read("pipe", 5)); }) == ErrorKind::protocol);
}
