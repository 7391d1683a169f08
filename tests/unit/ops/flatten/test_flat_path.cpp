// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flat_path.hpp"

#include <doctest/doctest.h>

using namespace regctl::ops;
using Kind = LayerName::Kind;

TEST_SUITE_BEGIN("ops/flatten/flat_path");

TEST_CASE("a name in a tar is a path below the root") {
  struct Row {
    const char* name;
    const char* path;
  };
  const Row rows[] = {
      {"a", "a"},
      {"a/b", "a/b"},
      {"./a/b/", "a/b"},
      {"/a//b", "a/b"},
      {"a/./b", "a/b"},
      {"a/../b", "b"},
      {"a/b/..", "a"},
      {"a/b/../../c", "c"},
      {"a/..", ""},
      {"", ""},
      {"/", ""},
      {"./", ""},
      {"..a/b..", "..a/b.."},
      {"a/.../b", "a/.../b"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(find_flat_path(row.name) == row.path);
  }
}

TEST_CASE("names that lead out of the image, or are none, are refused") {
  for (const auto& name :
       {std::string(".."), std::string("../a"), std::string("/.."), std::string("a/../../b"),
        std::string("a\0b", 3), std::string(k_flat_path_limit + 1, 'a')}) {
    CAPTURE(name);
    CHECK_FALSE(find_flat_path(name));
  }
  CHECK(find_flat_path(std::string(k_flat_path_limit, 'a')));
}

TEST_CASE("whiteouts and the files of AUFS are told from entries") {
  struct Row {
    const char* path;
    Kind kind;
    const char* read;
  };
  const Row rows[] = {
      {"a", Kind::entry, "a"},
      {"", Kind::entry, ""},
      {"a/.whx", Kind::entry, "a/.whx"},
      {".wh.a", Kind::whiteout, "a"},
      {"a/b/.wh.c", Kind::whiteout, "a/b/c"},
      {"a/.wh..c", Kind::whiteout, "a/.c"},
      {".wh..wh..opq", Kind::opaque, ""},
      {"a/b/.wh..wh..opq", Kind::opaque, "a/b"},
      {".wh..wh.aufs", Kind::own, ".wh..wh.aufs"},
      {".wh..wh.plnk/12.34", Kind::own, ".wh..wh.plnk/12.34"},
      {"a/.wh..wh.x", Kind::own, "a/.wh..wh.x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const auto read = read_layer_name(row.path);
    REQUIRE(read);
    CHECK(read->kind == row.kind);
    CHECK(read->path == row.read);
  }
  for (const char* path : {".wh.", "a/.wh.", "a/.wh..", "a/.wh..."}) {
    CAPTURE(path);
    CHECK_FALSE(read_layer_name(path));
  }
}

TEST_SUITE_END();
