// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "support/v2_tree.hpp"

#include <regctl/base/file.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_repair.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

struct Repaired {
  TreeRepairReport report;
  std::vector<std::string> acts; ///< "KIND REPOSITORY NAME"

  /// What was done in a repository.
  [[nodiscard]] std::set<std::string> kinds(const std::string& repository) const {
    std::set<std::string> kinds;
    for (const auto& act : acts) {
      const auto at = act.find(" wild/" + repository + " ");
      if (at != std::string::npos) {
        kinds.insert(act.substr(0, at));
      }
    }
    return kinds;
  }
};

Repaired repair(const std::shared_ptr<V2Storage>& storage, const TreeRepairOptions& options) {
  Repaired repaired;
  repaired.report = repair_tree(storage, options, [&](const TreeRepairAct& act) {
    CHECK_FALSE(act.why.empty());
    repaired.acts.push_back(std::string(to_string(act.kind)) + " " + act.repository + " " +
                            act.name);
  });
  CHECK(repaired.report.acts == repaired.acts.size());
  return repaired;
}

/// The worst state of each repository.
std::map<std::string, TreeState> states_of(const V2Storage& storage) {
  std::map<std::string, TreeState> states;
  audit_tree(
      storage, {.deep = true},
      {{},
       [&](const AuditedTreeRepository& repository) { states[repository.name] = repository.state; },
       {}});
  return states;
}

std::map<std::string, std::string> contents_of(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      contents[fs::relative(entry.path(), folder).string()] = read_file(entry.path(), 1'000'000);
    }
  }
  return contents;
}

/// The damage that the tree itself proves how to mend, and how that is done.
const std::map<std::string, std::set<std::string>> k_mendable = {
    {"current-empty", {"restore tag"}},
    {"current-newline", {"restore tag"}},
    {"current-garbage", {"restore tag"}},
    {"current-cut", {"restore tag"}},
    {"current-bare-hex", {"restore tag"}},
    {"current-upper", {"restore tag"}},
    {"current-nul", {"restore tag"}},
    {"current-is-file", {"restore tag"}},
    {"no-current", {"restore tag"}},
    {"no-index", {"write index"}},
    {"index-empty", {"write index"}},
    {"index-lacks-current", {"write index"}},
    {"revision-lost", {"restore link"}},
    {"revision-in-layers", {"restore link"}},
    {"revision-empty", {"rewrite link"}},
    {"revision-newline", {"rewrite link"}},
    {"revision-other", {"rewrite link"}},
    {"manifest-newline", {"trim blob"}},
    {"layer-long", {"trim blob"}},
    {"layer-is-dir", {"restore blob"}},
    {"layer-link-lost", {"restore link"}},
    {"layer-link-empty", {"rewrite link"}},
    {"layer-link-newline", {"rewrite link"}},
    {"layer-link-other", {"rewrite link"}},
    {"no-layers-dir", {"restore link"}},
    {"config-in-data", {"restore blob"}},
    {"blob-in-upload", {"restore blob"}},
    {"index-child-unlinked", {"restore link"}},
    {"referrer-untagged", {"list referrer"}},
    {"blob-misfiled", {}}, // the act is not of one repository
    {"blob-upper", {}},
};

} // namespace

TEST_SUITE_BEGIN("ops/oci/tree_repair");

TEST_CASE("what the tree itself proves is mended, and nothing else is touched") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto before = states_of(*storage);
  const auto files = contents_of(folder.path());
  const auto planned = repair(storage, {.dry_run = true});
  CHECK(contents_of(folder.path()) == files);
  const auto done = repair(storage, {});
  CHECK(done.report.left_alone == 0);
  CHECK(std::set<std::string>(done.acts.begin(), done.acts.end()) ==
        std::set<std::string>(planned.acts.begin(), planned.acts.end()));
  for (const auto& entry : states_of(*storage)) {
    const auto& name = entry.first;
    CAPTURE(name);
    const auto mend = k_mendable.find(name.substr(name.find('/') + 1));
    if (mend == k_mendable.end()) {
      CHECK(entry.second == before.at(name));
      CHECK(done.kinds(name.substr(name.find('/') + 1)).empty());
    } else {
      CHECK(entry.second == TreeState::sound);
      CHECK(done.kinds(mend->first) == mend->second);
    }
  }
  const auto of = [&](const std::string& kind) {
    std::size_t count = 0;
    for (const auto& act : done.acts) {
      count += act.starts_with(kind + " ") ? 1 : 0;
    }
    return count;
  };
  CHECK(of("move blob") == 2);
  CHECK(of("drop tag") == 0);
  CHECK(repair(storage, {}).acts.empty());
}

TEST_CASE("nothing needs repair in what distribution pushed but what was deleted by hand") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("pushed", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto done = repair(storage, {});
  for (const auto& act : done.acts) {
    CAPTURE(act);
    CHECK(act.starts_with("restore link team/blobdeleted "));
  }
  CHECK(done.acts.size() == 1);
  for (const auto& entry : states_of(*storage)) {
    CHECK(entry.second == TreeState::sound);
  }
}

TEST_CASE("tags that name nothing go on request alone") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto done = repair(storage, {.drop_tags = true});
  for (const auto* name : {"empty-tag", "tag-dangling", "tag-to-layer", "manifest-gone"}) {
    CAPTURE(name);
    CHECK(done.kinds(name).contains("drop tag"));
  }
  CHECK_FALSE(done.kinds("manifest-flipped").contains("drop tag"));
  const auto states = states_of(*storage);
  CHECK(states.at("wild/empty-tag") == TreeState::sound);
  CHECK(states.at("wild/tag-dangling") == TreeState::sound);
  CHECK(states.at("wild/tag-to-layer") == TreeState::sound);
}

TEST_CASE("bytes that are wrong and of the right size are mended too") {
  const TemporaryFolder folder;
  const auto storage = V2Storage::open(folder.path().string(), V2Storage::Missing::create);
  const auto repository = storage->repository("app");
  const std::string config = "{}";
  const std::string layer = "a layer";
  const auto part = [&](const std::string& bytes) {
    repository->put_blob({{}, {}, [bytes] { return make_text_source(bytes); }});
    return oci::Descriptor{.media_type = std::string(oci::k_oci_layer),
                           .digest = oci::Digest::of(bytes),
                           .size_bytes = bytes.size()};
  };
  auto with_data = part(config);
  with_data.data = config;
  const Json json = {{"schemaVersion", 2},
                     {"mediaType", oci::k_oci_manifest},
                     {"config", with_data.to_json()},
                     {"layers", Json::array({part(layer).to_json(), part("other").to_json()})}};
  repository->put_manifest(oci::make_document(json.dump(), {}, {}, "an image"), "1");
  const auto write = [&](const std::string& path, const std::string& bytes) {
    const auto file = folder / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  };
  write(v2_paths::blob(oci::Digest::of(config)), "{]");
  write(v2_paths::blob(oci::Digest::of(layer)), "A LAYER");
  write(v2_paths::blob(oci::Digest::of("other")), "OTHER");
  write(v2_paths::uploads("app") + "/0/data", layer);
  CHECK(repair(storage, {.dry_run = true}).acts.size() == 2);
  const auto done = repair(storage, {});
  CHECK(done.acts.size() == 2);
  CHECK(read_file(folder / v2_paths::blob(oci::Digest::of(config)), 100) == config);
  CHECK(read_file(folder / v2_paths::blob(oci::Digest::of(layer)), 100) == layer);
  CHECK(read_file(folder / v2_paths::blob(oci::Digest::of("other")), 100) == "OTHER");
  CHECK(repair(storage, {}).acts.empty());
}

TEST_CASE("the tag of a manifest that servers show stays, though it is refused here") {
  const TemporaryFolder folder;
  const auto storage = V2Storage::open(folder.path().string(), V2Storage::Missing::create);
  const auto tag = [&](const std::string& name, const std::string& bytes) {
    const auto digest = oci::Digest::of(bytes);
    storage->put_bytes(bytes, v2_paths::uploads("app"));
    storage->put_link(v2_paths::revision("app", digest), digest);
    storage->put_link(v2_paths::current("app", name), digest);
    storage->put_link(v2_paths::layer("app", digest), digest);
  };
  const std::string layer = R"("layers":[{"digest":")" + oci::Digest::of("x").to_string() + "\"";
  // All of these distribution 2.8.2 was seen to show, and the others not.
  const std::map<std::string, std::string> shown = {
      {"no-size", R"({"schemaVersion":2,"config":{},)" + layer + "}]}"},
      {"negative", R"({"schemaVersion":2,)" + layer + R"(,"size":-1}]})"},
      {"data", R"({"schemaVersion":2,)" + layer + R"(,"size":1,"data":"***"}]})"},
      {"case", R"({"SCHEMAVERSION":2})"},
      {"no-type", R"({"schemaVersion":2,"mediaType":null})"},
      {"old", R"({"schemaVersion":1})"},
      {"deep", R"({"schemaVersion":2,"z":)" + std::string(300, '[') + std::string(300, ']') + "}"},
  };
  const std::map<std::string, std::string> refused = {
      {"array", "[]"},
      {"no-version", R"({"mediaType":"application/vnd.oci.image.manifest.v1+json"})"},
      {"fraction", R"({"schemaVersion":2.0})"},
      {"text", R"({"schemaVersion":"2"})"},
      {"no-text", R"({"schemaVersion":2,"mediaType":[]})"},
      {"other-type", R"({"schemaVersion":2,"mediaType":"application/json"})"},
      {"behind", R"({"schemaVersion":2} x)"},
      {"no-json", "text"},
      {"large", R"({"schemaVersion":2,"z":")" + std::string(4 << 20, 'x') + "\"}"},
  };
  for (const auto& rows : {shown, refused}) {
    for (const auto& [name, bytes] : rows) {
      tag(name, bytes);
    }
  }
  std::map<std::string, AuditedManifest> audited;
  audit_tree(
      *storage, {},
      {[&](const AuditedManifest& manifest) { audited[manifest.tag.value_or("")] = manifest; },
       {},
       {}});
  const auto done = repair(storage, {.drop_tags = true});
  for (const auto& rows : {shown, refused}) {
    const bool is_shown = rows == shown;
    for (const auto& row : rows) {
      CAPTURE(row.first);
      const auto dropped = "drop tag app " + row.first;
      CHECK(std::count(done.acts.begin(), done.acts.end(), dropped) == (is_shown ? 0 : 1));
      CHECK(audited[row.first].state == TreeState::damaged);
      CHECK(audited[row.first].by_tag->of_2 == (is_shown ? 200 : 500));
    }
  }
}

TEST_CASE("a damaged link that was changed within ten minutes is left alone") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto link = v2_paths::link_in(v2_paths::current("wild/control", "1"));
  std::ofstream(folder / link, std::ios::trunc) << "";
  fs::last_write_time(folder / link, fs::file_time_type::clock::now() - std::chrono::minutes(9));
  const auto done = repair(storage, {});
  CHECK(done.kinds("control").empty());
  CHECK(done.report.left_alone == 1);
}

TEST_CASE("the bytes of a mended blob lie where they should, and the rest is cleaned up") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  repair(storage, {});
  for (const auto& entry :
       fs::recursive_directory_iterator(folder / std::string(v2_paths::k_blobs))) {
    const auto name = entry.path().filename().string();
    const auto digest = oci::Digest::find("sha256:" + name);
    if (entry.is_directory() && name.size() == 64) {
      CAPTURE(name);
      REQUIRE(digest);
      CHECK(fs::relative(entry.path(), folder.path()) == v2_paths::blob_folder(*digest));
      CHECK_FALSE(fs::is_directory(entry.path() / "data"));
    }
  }
  CHECK(fs::is_empty(folder / v2_paths::uploads("wild/blob-in-upload")));
  CHECK(fs::is_empty(folder / v2_paths::uploads("wild/layer-is-dir")));
  CHECK_FALSE(fs::exists(folder / (std::string(v2_paths::k_repositories) + "/_uploads")));
}

TEST_SUITE_END();
