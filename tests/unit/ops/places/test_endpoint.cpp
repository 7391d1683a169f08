// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/places/endpoint.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::ops;
using regctl::test::failure;

TEST_SUITE_BEGIN("ops/places/endpoint");

TEST_CASE("an end is a host, a namespace or a place") {
  struct Row {
    const char* text;
    const char* host; ///< "" for a place
    const char* name_space;
    const char* written;
  };
  const Row rows[] = {
      {"host:5000", "host:5000", "", "docker://host:5000"},
      {"localhost", "localhost", "", "docker://localhost"},
      {"Registry.Example/", "registry.example", "", "docker://registry.example"},
      {"docker://host:5000", "host:5000", "", "docker://host:5000"},
      {"[::1]:5000", "[::1]:5000", "", "docker://[::1]:5000"},
      {"host:5000/team/", "host:5000", "team", "docker://host:5000/team/"},
      {"host:5000/team/sub/", "host:5000", "team/sub", "docker://host:5000/team/sub/"},
      {"host:5000/team", "", "", "docker://host:5000/team"},
      {"docker://host:5000/team/app:1", "", "", "docker://host:5000/team/app:1"},
      {"v1-storage:/srv/registry", "", "", "v1-storage:/srv/registry"},
      {"v1-storage:tree/", "", "", "v1-storage:tree/"},
      {"docker-archive:x.tar", "", "", "docker-archive:x.tar"},
      {"x.tar", "", "", "docker-archive:x.tar"},
      {"/no/such/x", "", "", "docker-archive:/no/such/x"},
      {"./x", "", "", "docker-archive:./x"},
      {"../x", "", "", "docker-archive:../x"},
      {"docker://x.tar", "x.tar", "", "docker://x.tar"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto endpoint = Endpoint::parse(row.text);
    CHECK((endpoint.host ? endpoint.host->host : "") == row.host);
    CHECK(endpoint.place.has_value() == !endpoint.host.has_value());
    CHECK(endpoint.name_space == row.name_space);
    CHECK(endpoint.to_string() == row.written);
    CHECK(Endpoint::parse(endpoint.to_string()).to_string() == row.written);
  }
}

TEST_CASE("a malformed end is refused") {
  for (const char* text : {"", "-", "/", "/tmp", "./", "http://host:5000", "host:5000/team:1/",
                           "host:5000//", "host:5000/a/../b/", "v1-storage:", "host:99999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Endpoint::parse(text), Error);
  }
}

TEST_CASE("a digest is refused as the caller wants it, and shown") {
  const auto name = "docker://host:5000/app@sha256:" + std::string(64, 'a');
  const auto place = Place::parse(name);
  for (const auto kind : {ErrorKind::usage, ErrorKind::unsupported}) {
    CHECK(failure([&] { refuse_digest(place, kind); }) == kind);
  }
  CHECK(failure([&] { refuse_digest(Endpoint::parse(name)); }) == ErrorKind::usage);
  CHECK_THROWS_WITH(refuse_digest(place, ErrorKind::usage),
                    ("protocol v1 has no digests: " + name).c_str());
  for (const char* text : {"host:5000", "host:5000/team/", "host:5000/app:1"}) {
    CAPTURE(text);
    CHECK_NOTHROW(refuse_digest(Endpoint::parse(text)));
  }
}

TEST_SUITE_END();
