// SPDX-License-Identifier: Apache-2.0
#include <regctl/formats/v2_paths.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;

TEST_SUITE_BEGIN("formats/v2_storage/paths");

TEST_CASE("only names that servers answer for are legal") {
  for (const auto* name : {"app", "team/app", "a/b/c/d", "a.b", "a_b", "a__b", "a---b", "0/1",
                           "Team/upper", "host.example/app", "a/tags", "app.bak"}) {
    CAPTURE(name);
    CHECK(v2_paths::is_legal_repository(name));
  }
  for (const auto* name :
       {"",           "/",           "a/",          "/a",       "a//b",         "UPPER",
        "team/UPPER", "Bad Name",    "team/.trash", ".trash",   "team/_hidden", "a..b",
        "a._b",       "a___b",       "-a",          "a-",       "..",           "a/../b",
        "Team/",      "host:5000/a", "-Team/a",     "Team..x/a"}) {
    CAPTURE(name);
    CHECK_FALSE(v2_paths::is_legal_repository(name));
  }
  CHECK(v2_paths::is_legal_repository(std::string(255, 'a')));
  CHECK(v2_paths::is_nameable_repository("team/app"));
  CHECK(v2_paths::is_nameable_repository("host.example/app"));
  CHECK_FALSE(v2_paths::is_nameable_repository("Team/upper"));
  CHECK_FALSE(v2_paths::is_legal_repository(std::string(256, 'a')));
}

TEST_CASE("a legal name is proposed for one that is not") {
  const std::pair<std::string, std::string> rows[] = {
      {"Team/App", "team/app"},
      {"team/__app", "team/app"},
      {"app_", "app"},
      {"a..b", "a-b"},
      {"a._b/C", "a-b/c"},
      {"a___b", "a-b"},
      {"a__b--c.d", "a__b--c.d"},
      {"-", "new-name"},
      {"//", "new-name"},
      {std::string(300, 'a'), "new-name"},
  };
  for (const auto& row : rows) {
    const auto& name = row.first;
    CAPTURE(name);
    CHECK(v2_paths::propose_repository(name) == row.second);
  }
}

TEST_CASE("a link holds a digest and nothing else") {
  const auto digest = oci::Digest::of("x").to_string();
  CHECK(v2_paths::parse_link(digest)->to_string() == digest);
  for (const auto& text :
       {digest + "\n", " " + digest, digest.substr(7), digest.substr(0, 40), std::string(),
        std::string(71, '\0'), "sha256:" + std::string(64, 'A')}) {
    CAPTURE(text);
    CHECK_FALSE(v2_paths::parse_link(text));
  }
}

TEST_CASE("the beginning of an upload is a time") {
  CHECK(v2_paths::parse_started_at("2023-11-14T22:13:20Z") == 1'700'000'000);
  CHECK(v2_paths::parse_started_at("2023-11-14T23:13:20.5+01:00") == 1'700'000'000);
  CHECK_FALSE(v2_paths::parse_started_at("2023-11-14T22:13:20Z\n"));
  CHECK_FALSE(v2_paths::parse_started_at(""));
}

TEST_CASE("uploads are named by UUIDs") {
  CHECK(v2_paths::is_upload_name("0f3c2f4e-8f6b-4b7e-9d3a-2f1e0c9b8a7d"));
  CHECK_FALSE(v2_paths::is_upload_name("0F3c2f4e-8f6b-4b7e-9d3a-2f1e0c9b8a7d"));
  CHECK_FALSE(v2_paths::is_upload_name("0f3c2f4e8f6b4b7e9d3a2f1e0c9b8a7d"));
  CHECK_FALSE(v2_paths::is_upload_name("old"));
}

TEST_CASE("paths are those of distribution") {
  const auto digest = oci::Digest::of("");
  const std::string hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string root = "docker/registry/v2/repositories/team/app/";
  CHECK(v2_paths::blob(digest) == "docker/registry/v2/blobs/sha256/e3/" + hex + "/data");
  CHECK(v2_paths::link_in(v2_paths::layer("team/app", digest)) ==
        root + "_layers/sha256/" + hex + "/link");
  CHECK(v2_paths::link_in(v2_paths::revision("team/app", digest)) ==
        root + "_manifests/revisions/sha256/" + hex + "/link");
  CHECK(v2_paths::link_in(v2_paths::current("team/app", "1")) ==
        root + "_manifests/tags/1/current/link");
  CHECK(v2_paths::link_in(v2_paths::tag_index("team/app", "1", digest)) ==
        root + "_manifests/tags/1/index/sha256/" + hex + "/link");
  CHECK(v2_paths::uploads("team/app") == root + "_uploads");
  CHECK(v2_paths::blobs(oci::DigestAlgorithm::sha512) == "docker/registry/v2/blobs/sha512");
  CHECK(v2_paths::revisions("team/app") == root + "_manifests/revisions/sha256");
  CHECK(v2_paths::tag_index("team/app", "1") == root + "_manifests/tags/1/index/sha256");
  CHECK(v2_paths::link_in(v2_paths::signatures("team/app", digest)) ==
        root + "_manifests/revisions/sha256/" + hex + "/signatures/link");
}

TEST_SUITE_END();
