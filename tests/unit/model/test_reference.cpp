// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::Error;
using regctl::ErrorKind;
using regctl::Reference;
using regctl::split_tag;

TEST_SUITE_BEGIN("model/reference");

TEST_CASE("parse applies Docker's rules for host, name and tag") {
  struct Row {
    const char* written;
    const char* full;
  };
  const Row rows[] = {
      {"debian", "docker.io/debian"},
      {"team/app:1", "docker.io/team/app:1"},
      {"localhost/app", "localhost/app"},
      {"host:5000/a/b/c:x", "host:5000/a/b/c:x"},
      {"host:5000/test", "host:5000/test"},
      {"host:5000/library/test", "host:5000/library/test"},
      {"host:5000/library/a/b", "host:5000/library/a/b"},
      {"Quay.IO/a", "quay.io/a"},
      {"docker://127.0.0.1:5000/team/app", "127.0.0.1:5000/team/app"},
      {"[::1]:5000/app:1.0", "[::1]:5000/app:1.0"},
      {"host:5000/Upper/Name", "host:5000/Upper/Name"},
      {"host:5000/a:b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
       "host:5000/a:b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
      {"host:5000/a@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
       "host:5000/a@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    CHECK(Reference::parse(row.written).to_string() == row.full);
    CHECK(Reference::parse(row.full) == Reference::parse(row.written));
  }
}

TEST_CASE("parse says which part is wrong") {
  struct Row {
    const char* written;
    const char* why;
  };
  const Row rows[] = {
      {"", "it has no name"},
      {"Debian", "lower case"},
      {"host:5000/", "it has no name"},
      {"localhost:5000", "no name after the host"},
      {"registry.example:5000", "no name after the host"},
      {"host:5000/a//b", "a part of the name is empty"},
      {"host:5000/a/../b", "'..' is not allowed"},
      {"host:5000/a b", "outside [A-Za-z0-9_.-]"},
      {"host:5000/a:", "the tag is empty"},
      {"host:5000/a:-x", "the tag is empty"},
      {"host:5000/a@sha256:12", "the digest is not"},
      {"host:5000/a@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
       "the digest is not"},
      {"host:5000/a:1@", "the digest is not"},
      {"host:99999/a", "'host:99999' is not a host"},
      {"[zz]:1/a", "'[zz]:1' is not a host"},
      {"https://host/a", "leave out the scheme"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    try {
      Reference::parse(row.written);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(row.why) != std::string::npos);
      CHECK_FALSE(error.hint().empty());
    }
  }
}

TEST_CASE("a tag stands behind the last colon, unless a slash follows") {
  const auto check = [](std::string_view text, std::string_view name,
                        std::optional<std::string_view> tag) {
    CAPTURE(text);
    const auto split = split_tag(text);
    CHECK(split.name == name);
    CHECK(split.tag == tag);
  };
  check("team/app:1.0", "team/app", "1.0");
  check("host:5000/team/app", "host:5000/team/app", std::nullopt);
  check("host:5000/app:1.0", "host:5000/app", "1.0");
  check("app", "app", std::nullopt);
  check("app:", "app", "");
}

TEST_CASE("a password in a name is masked, and the hint says where it belongs") {
  struct Row {
    const char* written;
    const char* said;
  };
  const Row rows[] = {
      {"bob:s3cretpw@host/x", "'bob:…@host/x' has a user and password"},
      {"bob:s3cretpw@host:5000/x:1.0", "'bob:…@host:5000/x:1.0'"},
      {"http://bob:s3cretpw@host/x", "'http://bob:…@host/x'"},
      {"docker://bob:s3cretpw@host/x", "'docker://bob:…@host/x'"},
      {"bob:s3@cr/tpw@host", "'bob:…@host'"},
      {":s3cretpw@host", "':…@host'"},
  };
  const auto check = [](const Row& row, auto parse) {
    try {
      parse(row.written);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(row.said) != std::string::npos);
      CHECK(error.hint().find("--username and --password-stdin") != std::string::npos);
    }
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    check(row, Reference::parse);
    check(row, regctl::parse_registry_host);
  }
  // A digest is no password, nor is a port with a name behind it.
  CHECK(Reference::parse("host:5000/a@sha256:" + std::string(64, 'a')).digest);
  CHECK(Reference::parse("host/a:1@sha256:" + std::string(64, 'a')).tag == "1");
  CHECK(Reference::parse("host/a:1@sha512:" + std::string(128, 'a')).tag == "1");
  for (const char* text :
       {"host:5000/a@sha256:1", "host:5000/a@b", "[::1]:5000/a@b", "host/a:1@b"}) {
    CHECK_THROWS_WITH_AS(Reference::parse(text), doctest::Contains("the digest is not"), Error);
  }
}

TEST_CASE("a name of more than 255 characters is refused") {
  CHECK_NOTHROW(Reference::parse("h:1/" + std::string(255, 'a')));
  CHECK_THROWS_AS(Reference::parse("h:1/" + std::string(256, 'a')), Error);
}

TEST_CASE("hosts are read with or without docker:// and a final slash") {
  CHECK(regctl::parse_registry_host("Host:5000").host == "host:5000");
  CHECK(regctl::parse_registry_host("docker://host:5000/").host == "host:5000");
  CHECK(regctl::parse_registry_host("[::1]:5000").host == "[::1]:5000");
  for (const char* text :
       {"", "a b", "host:0", "host:x", "http://host", "host/name", "[::1", "-a"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(regctl::parse_registry_host(text), Error);
  }
}

TEST_CASE("only whole loopback addresses count as loopback") {
  for (const char* host :
       {"localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]:1", "::1"}) {
    CAPTURE(host);
    CHECK(regctl::is_loopback_host(host));
  }
  for (const char* host :
       {"127.evil.example", "127.0.0.1.evil", "localhost.example:1", "[::2]", "10.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(regctl::is_loopback_host(host));
  }
}

TEST_CASE("Docker Hub has three names") {
  for (const char* host : {"docker.io", "index.docker.io", "registry-1.docker.io"}) {
    CAPTURE(host);
    CHECK(regctl::is_docker_hub(host));
  }
  for (const char* host : {"", "hub.docker.io", "docker.io:443", "docker.io.example", "docker"}) {
    CAPTURE(host);
    CHECK_FALSE(regctl::is_docker_hub(host));
  }
}

TEST_CASE("a name of one part is in the namespace library") {
  CHECK(regctl::full_name("app") == "library/app");
  CHECK(regctl::full_name("library/app") == "library/app");
  CHECK(regctl::full_name("team/app") == "team/app");
  auto reference = regctl::Reference::parse("host:5000/library/app");
  CHECK(reference.name_in_v2() == "library/app");
  reference.name = "team/app"; // put into a namespace
  CHECK(reference.name_in_v2() == "team/app");
  CHECK(regctl::Reference::parse("host:5000/app").name_in_v2() == "app");
}

TEST_CASE("a repository's name is read without host and tag") {
  CHECK(regctl::parse_repository_name("team/App") == "team/App");
  CHECK(regctl::parse_repository_name("library/app") == "app");
  CHECK(regctl::parse_repository_name("library/a/b") == "library/a/b");
  for (const char* text : {"", "/a", "a/", "a//b", "a:1", "a@b", "..", "a/../b", "a b"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(regctl::parse_repository_name(text), regctl::Error);
  }
  CHECK_THROWS_AS(regctl::parse_repository_name(std::string(256, 'a')), regctl::Error);
}

TEST_SUITE_END();
