// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"
#include "support/v2_tree.hpp"

#include <regctl/ops/oci/tree_audit.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using test::failure;
using test::TemporaryFolder;

namespace {

struct Found {
  std::vector<AuditedManifest> manifests;
  std::map<std::string, AuditedTreeRepository> repositories;
  TreeAuditSummary summary;

  /// The tag, or, without one, the revision.
  [[nodiscard]] const AuditedManifest* find(const Json& line) const {
    for (const auto& manifest : manifests) {
      const bool is_same = line["tag"].is_null()
                               ? manifest.digest && manifest.digest->to_string() == line["digest"]
                               : manifest.tag && *manifest.tag == line["tag"];
      if (is_same && manifest.repository == line["repo"]) {
        return &manifest;
      }
    }
    return nullptr;
  }
};

Found audit(const V2Storage& storage, const TreeAuditOptions& options) {
  Found found;
  audit_tree(storage, options,
             {[&](const AuditedManifest& manifest) { found.manifests.push_back(manifest); },
              [&](const AuditedTreeRepository& repository) {
                CHECK(found.repositories.emplace(repository.name, repository).second);
              },
              [&](const TreeAuditSummary& summary) { found.summary = summary; }});
  return found;
}

/// A pair of statuses is given where HEAD differs from GET, which comes last.
int status_of(const Json& answers, const char* version) {
  const auto& status = answers[version];
  return status.is_array() ? status.back().get<int>() : status.get<int>();
}

ServerAnswer answer_of(const Json& answers) {
  return {status_of(answers, "d2.8"), status_of(answers, "d3")};
}

void check_repository(const Json& line, const Found& found) {
  const auto& of_2 = line["d2.8"];
  const auto& of_3 = line["d3"];
  const auto place = found.repositories.find(line["repo"].get<std::string>());
  if (place == found.repositories.end()) { // no repository: uploads alone, or a folder of others
    CHECK(of_2["tags_list"] == 404);
    CHECK(of_2["in_catalog"] == false);
    CHECK(of_3["in_catalog"] == false);
    return;
  }
  const auto& repository = place->second;
  CHECK(to_string(repository.state) == line["state"].get<std::string>());
  CHECK(repository.tag_list.of_2 == of_2["tags_list"]);
  CHECK(repository.tag_list.of_3 == of_3["tags_list"]);
  if (of_2["answer"].is_array()) {
    CHECK(repository.listed_tags == of_2["answer"].size());
  }
  CHECK(repository.is_in_catalog_of_2 == of_2["in_catalog"].get<bool>());
  CHECK(repository.is_in_catalog_of_3 == of_3["in_catalog"].get<bool>());
}

void check_manifest(const Json& line, const Found& found) {
  const auto* manifest = found.find(line);
  if (line.contains("revision")) { // a folder without a link, as a removal leaves it
    CHECK(manifest == nullptr);
    return;
  }
  REQUIRE(manifest != nullptr);
  CHECK(to_string(manifest->state) == line["state"].get<std::string>());
  CHECK(manifest->detail.empty() == (manifest->state < TreeState::damaged_below));
  if (line.contains("by_tag")) {
    REQUIRE(manifest->by_tag);
    CHECK(*manifest->by_tag == answer_of(line["by_tag"]));
  }
  if (line.contains("by_digest") && manifest->digest) {
    REQUIRE(manifest->by_digest);
    CHECK(*manifest->by_digest == answer_of(line["by_digest"]));
  }
}

} // namespace

TEST_SUITE_BEGIN("ops/oci/tree_audit");

TEST_CASE("a deep audit finds the state of everything, and what servers answer for it") {
  for (const std::string tree : {"pushed", "wild"}) {
    const TemporaryFolder folder;
    test::unpack_v2_tree(tree, folder.path());
    const auto found = audit(*V2Storage::open(folder.path().string()), {.deep = true});
    test::for_each_expectation(tree, [&](const Json& line) {
      CAPTURE(line.dump());
      if (line.contains("tag")) {
        check_manifest(line, found);
      } else {
        check_repository(line, found);
      }
    });
    CHECK(found.summary.is_deep);
    CHECK(found.summary.is_damaged());
    std::uint64_t number = 0;
    for (const auto& [state, count] : found.summary.manifests) {
      number += count;
    }
    CHECK(number == found.manifests.size());
  }
}

TEST_CASE("without reading blobs only what their bytes tell is missed") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto deep = audit(*storage, {.deep = true});
  const auto shallow = audit(*storage, {});
  REQUIRE(deep.manifests.size() == shallow.manifests.size());
  for (std::size_t i = 0; i < deep.manifests.size(); ++i) {
    CAPTURE(deep.manifests[i].repository);
    const bool is_seen = deep.manifests[i].repository != "wild/layer-flipped";
    CHECK((deep.manifests[i].state == shallow.manifests[i].state) == is_seen);
  }
}

TEST_CASE("one repository or one tag is audited alone") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto repository = audit(*storage, {.repository = "wild/untagged"});
  CHECK(repository.repositories.size() == 1);
  CHECK(repository.manifests.size() == 3);
  const auto tag = audit(*storage, {.repository = "wild/tag-to-layer", .tag = "1"});
  REQUIRE(tag.manifests.size() == 1);
  CHECK(tag.manifests[0].state == TreeState::sound);
  CHECK(failure([&] { audit(*storage, {.repository = "wild/none"}); }) == ErrorKind::not_found);
  CHECK(failure([&] { audit(*storage, {.repository = "wild/control", .tag = "none"}); }) ==
        ErrorKind::not_found);
}

TEST_CASE("what is wrong is said") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto detail = [&](const std::string& name) {
    return audit(*storage, {.deep = true, .repository = "wild/" + name}).manifests.at(0).detail;
  };
  CHECK(detail("manifest-empty") == "the manifest is empty");
  CHECK(detail("manifest-gone") == "the manifest is gone");
  CHECK(detail("revision-lost") == "its revision link is gone");
  CHECK(detail("revision-empty") == "its link is empty or cannot be read");
  CHECK(detail("layer-gone").ends_with(" is gone"));
  CHECK(detail("layer-link-lost").starts_with("the link of layer sha256:"));
  CHECK(detail("layer-flipped").ends_with(" has the bytes of another digest"));
  CHECK(detail("size-wrong").find(" bytes instead of ") != std::string::npos);
  CHECK(detail("config-gone").starts_with("config sha256:"));
  CHECK(detail("empty-tag").empty());
}

TEST_SUITE_END();
