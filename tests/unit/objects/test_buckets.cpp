// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <regctl/base/error.hpp>
#include <regctl/objects/buckets.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;

TEST_SUITE("objects/buckets") {
  TEST_CASE("the path of a bucket has its name, and a prefix without slashes at its ends") {
    const auto check = [](const std::string& text, const std::string& bucket,
                          const std::string& prefix, const std::string& printed) {
      CAPTURE(text);
      const auto path = BucketPath::parse(text);
      CHECK(path.bucket == bucket);
      CHECK(path.prefix == prefix);
      CHECK(path.to_string() == printed);
    };
    check("s3://b", "b", "", "s3://b");
    check("s3://b/", "b", "", "s3://b");
    check("s3://b/registry", "b", "registry", "s3://b/registry");
    check("s3://b//a/b/", "b", "a/b", "s3://b/a/b");
  }

  TEST_CASE("a bucket without settings of its own has the usual ones") {
    FakeServer server("http://ceph:7480");
    server.on("GET /b/a/file", {{200, "1"}});
    server.on("GET http://own/c/file", {{200, "2"}});
    std::string notes;
    Buckets buckets(
        server, [](const std::string&) { return std::nullopt; },
        [&](const std::string& note) { notes += note + "\n"; },
        [] {
          BucketSettings settings;
          settings.endpoint = http::Url::parse("http://ceph:7480");
          settings.key = http::AwsKey{"AKIA", http::Secret("secret"), http::Secret()};
          return std::optional(settings);
        });
    BucketSettings own;
    own.endpoint = http::Url::parse("http://own");
    own.key = http::AwsKey{"OWN", http::Secret("secret"), http::Secret()};
    buckets.configure("c", own);
    CHECK(buckets.open_tree("s3://b/a")->read("file", 1) == "1");
    CHECK(buckets.open_tree("s3://c")->read("file", 1) == "2");
    CHECK(server.seen().at(0).authorization.find("Credential=AKIA/") != std::string::npos);
    CHECK(notes == "using the key AKIA of docker-registry's settings\n"
                   "using the key OWN of docker-registry's settings\n");
  }

  TEST_CASE("a text of another form is refused") {
    for (const auto* text : {"", "s3:", "s3://", "s3:///registry", "b/registry", "/srv"}) {
      CAPTURE(text);
      CHECK(failure([&] { BucketPath::parse(text); }) == ErrorKind::usage);
    }
  }
}
