// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using regctl::Place;

TEST_SUITE_BEGIN("model/place");

TEST_CASE("every form of a place is read and written back") {
  struct Row {
    const char* written;
    Place::Kind kind;
    const char* path;
    const char* full;
  };
  const Row rows[] = {
      {"host:5000/a:1", Place::Kind::registry, "", "docker://host:5000/a:1"},
      {"docker://host:5000/a", Place::Kind::registry, "", "docker://host:5000/a"},
      {"docker-archive:x.tar", Place::Kind::docker_archive, "x.tar", "docker-archive:x.tar"},
      {"docker-archive:x.tar:host:5000/a:1", Place::Kind::docker_archive, "x.tar",
       "docker-archive:x.tar:host:5000/a:1"},
      {"docker-archive:-", Place::Kind::docker_archive, "-", "docker-archive:-"},
      {"docker-daemon:localhost/app:1", Place::Kind::docker_daemon, "",
       "docker-daemon:localhost/app:1"},
      {"docker-archive:x.tar:app:1", Place::Kind::docker_archive, "x.tar",
       "docker-archive:x.tar:app:1"},
      {"oci:dir", Place::Kind::oci_layout, "dir", "oci:dir"},
      {"oci-archive:f.tar", Place::Kind::oci_archive, "f.tar", "oci-archive:f.tar"},
      {"v2-storage:/srv/registry:library/app:1", Place::Kind::v2_storage, "/srv/registry",
       "v2-storage:/srv/registry:library/app:1"},
      {"v1-storage:/srv/registry", Place::Kind::v1_storage, "/srv/registry",
       "v1-storage:/srv/registry"},
      {"v1-storage:s3://images/registry", Place::Kind::v1_storage, "s3://images/registry",
       "v1-storage:s3://images/registry"},
      {"v1-storage:s3://images:team/app:1.0", Place::Kind::v1_storage, "s3://images",
       "v1-storage:s3://images:team/app:1.0"},
      {"v1-storage:s3://images/a/b:app", Place::Kind::v1_storage, "s3://images/a/b",
       "v1-storage:s3://images/a/b:app"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto place = Place::parse(row.written);
    CHECK(place.kind == row.kind);
    CHECK(place.path == row.path);
    CHECK(place.to_string() == row.full);
  }
}

namespace {

/// A folder with everything that a text may be mistaken for.
regctl::PathContent look(const std::string& path) {
  using regctl::PathContent;
  const std::map<std::string, PathContent> here = {{"tree", PathContent::storage_tree},
                                                   {"./tree", PathContent::storage_tree},
                                                   {"/srv/tree", PathContent::storage_tree},
                                                   {"old/tree", PathContent::storage_tree},
                                                   {"reg.local", PathContent::storage_tree},
                                                   {"localhost", PathContent::storage_tree},
                                                   {"host:5000", PathContent::storage_tree},
                                                   {"my tree", PathContent::storage_tree},
                                                   {"v:5", PathContent::storage_tree},
                                                   {"layout", PathContent::oci_layout},
                                                   {"folder", PathContent::other_folder},
                                                   {"team/app", PathContent::other_folder},
                                                   {"./folder", PathContent::other_folder},
                                                   {".", PathContent::storage_tree},
                                                   {"file", PathContent::file},
                                                   {"app.img", PathContent::file},
                                                   {"x.tar", PathContent::file},
                                                   {"reg.local/app", PathContent::file},
                                                   {"docker://tree", PathContent::other_folder}};
  const auto found = here.find(path);
  return found == here.end() ? PathContent::nothing : found->second;
}

} // namespace

TEST_CASE("a local name that cannot be a registry is a place of the kind found there") {
  struct Row {
    const char* text;
    const char* place; ///< "" for what is looked for at a registry
  };
  const Row rows[] = {
      {"-", "docker-archive:-"},
      {"./x", "docker-archive:./x"},
      {"/tmp/x:1", "docker-archive:/tmp/x:1"},
      {"../x", "docker-archive:../x"},
      {"app.tar", "docker-archive:app.tar"},
      {"a/b/app.tgz", "docker-archive:a/b/app.tgz"},
      {"app.tar.zst", "docker-archive:app.tar.zst"},
      {"app.tar:team/app:1", "docker-archive:app.tar:team/app:1"},
      {"host:5000/app.tar", ""},
      {"docker://host/app.tar", ""},
      {"docker://tree", ""},
      {"https://tree", ""},
      {"tree", "v1-storage:tree"},
      {"./tree", "v1-storage:./tree"},
      {".", "v1-storage:."},
      {"old/tree", "v1-storage:old/tree"},
      {"my tree", "v1-storage:my tree"},
      {"tree:app", "v1-storage:tree:app"},
      {"tree:team/app:1.0", "v1-storage:tree:team/app:1.0"},
      {"/srv/tree:team/app", "v1-storage:/srv/tree:team/app"},
      {"tree:5000", ""}, // as Docker reads it, a port
      {"tree:5000/app", ""},
      {"layout", "oci:layout"},
      {"layout:1", ""}, // as Docker reads it, a port
      {"file", "docker-archive:file"},
      {"file:app:1.0", "docker-archive:file:app:1.0"},
      {"x.tar", "docker-archive:x.tar"},
      {"x.tar:app", "docker-archive:x.tar:app"},
      {"nothing", ""},
      {"nothing/app", ""},
      {"host:5000/a", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto here = Place::find_here(row.text, look);
    CHECK((here ? here->to_string() : "") == row.place);
    CHECK_FALSE(Place::may_be_either(row.text, look));
  }
}

TEST_CASE("a local name that may be a registry needs ./ or docker:// before it") {
  for (const std::string text :
       {"reg.local", "localhost", "host:5000", "folder", "app.img", "reg.local/app"}) {
    CAPTURE(text);
    CHECK(Place::may_be_either(text, look));
    std::string hint;
    try {
      Place::parse(text, look);
    } catch (const regctl::Error& error) {
      CHECK(error.kind() == regctl::ErrorKind::usage);
      hint = error.hint();
    }
    CHECK(hint.find(" ./" + text + " ") != std::string::npos);
    CHECK(hint.find(" docker://" + text + " ") != std::string::npos);
  }
}

TEST_CASE("a folder without images is refused as a place") {
  for (const char* text : {"./folder", "team/app"}) {
    CAPTURE(text);
    CHECK_FALSE(Place::may_be_either(text, look));
    CHECK_THROWS_AS(Place::find_here(text, look), regctl::Error);
  }
}

TEST_CASE("an existing path with a colon is not split into folder and name") {
  CHECK(Place::parse("v1-storage:v:5", look).path == "v:5");
  CHECK(Place::parse("v1-storage:v:6", look).path == "v");
}

TEST_CASE("a place without a file name is a usage error") {
  CHECK_THROWS_AS(Place::parse("docker-archive:"), regctl::Error);
  CHECK_THROWS_AS(Place::parse("v1-storage::a"), regctl::Error);
}

TEST_SUITE_END();
