// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>

#include <doctest/doctest.h>

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
      {"v1-storage:/srv/registry", Place::Kind::v1_storage, "/srv/registry",
       "v1-storage:/srv/registry"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto place = Place::parse(row.written);
    CHECK(place.kind == row.kind);
    CHECK(place.path == row.path);
    CHECK(place.to_string() == row.full);
  }
}

TEST_CASE("a bare file name is an archive only where one is expected") {
  for (const char* text : {"-", "./x", "/tmp/x", "../x", "app.tar", "app.tgz", "app.tar.zst"}) {
    CAPTURE(text);
    const auto place = Place::parse(text, Place::Bare::archive_or_registry);
    CHECK(place.kind == Place::Kind::docker_archive);
    CHECK(place.path == text);
  }
  CHECK(Place::parse("app.tar").kind == Place::Kind::registry);
  CHECK(Place::parse("docker://host/app.tar", Place::Bare::archive_or_registry).kind ==
        Place::Kind::registry);
  CHECK(Place::parse("host:5000/a", Place::Bare::archive_or_registry).kind ==
        Place::Kind::registry);
}

TEST_CASE("a place without a file name is a usage error") {
  CHECK_THROWS_AS(Place::parse("docker-archive:"), regctl::Error);
  CHECK_THROWS_AS(Place::parse("v1-storage::a"), regctl::Error);
}

TEST_SUITE_END();
