// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <doctest/doctest.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

using namespace regctl;
using test::TemporaryFolder;

namespace {

std::string id_of(int number) {
  auto text = std::to_string(number);
  return std::string(64 - text.size(), '0') + text;
}

} // namespace

TEST_SUITE_BEGIN("formats/v1_storage/place");

TEST_CASE("a folder that is no tree is refused with the place where one seems to be") {
  using Missing = V1Storage::Missing;
  const TemporaryFolder folder;
  const auto root = std::filesystem::canonical(folder.path());
  const auto make = [&](const std::string& path) {
    std::filesystem::create_directories(root / path);
  };
  const auto hint = [&](const std::string& name, Missing missing) -> std::string {
    try {
      V1Storage::open((root / name).string(), missing);
      return "is one";
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      return error.message() + ": " + error.hint();
    }
  };
  const auto seems_to_be = [&](const std::string& place) {
    return "the tree seems to be '" + (root / place).string() + "'";
  };
  make("vol/images/images/" + id_of(1)); // a root that is called images
  make("vol/images/images/lost+found");
  make("vol/images/repositories/team/app");
  std::ofstream(root / "vol/images/repositories/team/app/tag_1") << id_of(1);
  make("vol/images/images/.hidden");
  CHECK(hint("vol/images", Missing::error) == "is one");
  CHECK(hint("vol/images/", Missing::error) == "is one");
  struct Row {
    const char* name;
    const char* what;
  };
  for (const auto& row :
       {Row{"vol", "is no storage tree"}, Row{"", "is no storage tree"},
        Row{"vol/images/images", "is the folder images of a storage tree"},
        Row{"vol/images/images/", "is the folder images of a storage tree"},
        Row{"vol/images/images/new", "lies in the folder images of a storage tree"},
        Row{"vol/images/repositories", "is the folder repositories of a storage tree"},
        Row{"vol/images/repositories/team", "lies in the folder repositories of a"},
        Row{"vol/images/repositories/team/app", "lies in the folder repositories of a"}}) {
    CAPTURE(row.name);
    for (const auto missing : {Missing::error, Missing::create}) {
      const auto told = hint(row.name, missing);
      CHECK(told.find(row.what) != std::string::npos);
      CHECK(told.ends_with(seems_to_be("vol/images")));
    }
  }
  CHECK_FALSE(std::filesystem::exists(root / "vol/images/images/new"));
  make("fresh/images"); // as a server has made it
  make("fresh/repositories/left");
  CHECK(hint("fresh", Missing::error) == "is one");
  CHECK(hint("fresh/images", Missing::create).ends_with(seems_to_be("fresh")));
  make("site/images"); // which any folder may have
  std::ofstream(root / "site/images/cat.jpg") << "cat";
  make("code/repositories/team/app/.git");
  std::ofstream(root / "code/repositories/team/app/README") << "text";
  for (const auto* name : {"site", "code"}) {
    CHECK(hint(name, Missing::create).find("is no storage tree") != std::string::npos);
  }
  make("v2/docker/registry/v2/repositories/a/_manifests");
  make("v2/docker/registry/v2/blobs/sha256");
  for (const auto* name : {"v2", "v2/docker", "v2/docker/registry", "v2/docker/registry/v2"}) {
    CAPTURE(name);
    CHECK(hint(name, Missing::create).find("of protocol v2") != std::string::npos);
  }
  make("go/repositories/team/app"); // the original's rewrite in Go
  std::ofstream(root / "go/repositories/team/app/_index") << "[]";
  CHECK(hint("go", Missing::error) == "is one");
}

TEST_CASE("a tree that another process begins to fill is always recognised") {
  const TemporaryFolder folder;
  for (int round = 0; round < 300; ++round) {
    const auto root = folder / std::to_string(round);
    std::barrier together(2);
    std::thread other([&] {
      together.arrive_and_wait();
      for (const auto* part : {"repositories", "images"}) {
        std::filesystem::create_directories(root / part);
      }
      std::filesystem::create_directory(root / "images" / id_of(1));
    });
    together.arrive_and_wait();
    for (int look = 0; look < 20; ++look) {
      CHECK_NOTHROW(V1Storage::open(root.string(), V1Storage::Missing::create));
    }
    other.join();
  }
}

TEST_SUITE_END();
