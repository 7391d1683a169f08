// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_bucket.hpp"
#include "support/temporary_folder.hpp"
#include "support/v2_tree.hpp"

#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_gc.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using namespace std::chrono_literals;
using test::failure;
using test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

struct Collected {
  TreeGcReport report;
  std::vector<std::string> garbage; ///< "KIND REPOSITORY NAME"
  std::map<std::string, std::string> kept;

  [[nodiscard]] bool has(const std::string& text) const {
    for (const auto& line : garbage) {
      if (line.find(text) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
};

Collected collect(const std::shared_ptr<V2Storage>& storage, const TreeGcOptions& options) {
  Collected collected;
  collected.report = collect_tree_garbage(
      storage, options,
      [&](const TreeGarbage& garbage) {
        collected.garbage.push_back(std::string(to_string(garbage.kind)) + " " +
                                    garbage.repository + " " + garbage.name);
      },
      [&](const std::string& name, const std::string& why) { collected.kept[name] = why; });
  return collected;
}

/// The states of all tags, and of the revisions that no tag names.
std::map<std::string, TreeState> states_of(const V2Storage& storage) {
  std::map<std::string, TreeState> states;
  audit_tree(storage, {.deep = true},
             {[&](const AuditedManifest& manifest) {
                states[manifest.repository + ":" +
                       manifest.tag.value_or(manifest.digest ? manifest.digest->to_string() : "")] =
                    manifest.state;
              },
              {},
              {}});
  return states;
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) {
      files.insert(fs::relative(entry.path(), folder).string());
    }
  }
  return files;
}

oci::Descriptor put_text(V2Storage& storage, const std::string& name, const std::string& text) {
  storage.repository(name)->put_blob({{}, {}, [text] { return make_text_source(text); }});
  return {.media_type = std::string(oci::k_oci_layer),
          .digest = oci::Digest::of(text),
          .size_bytes = text.size()};
}

oci::Document put_image(V2Storage& storage, const std::string& name, const std::string& text,
                        const std::optional<std::string>& tag,
                        const std::optional<oci::Descriptor>& subject = {}) {
  Json json = Json::object();
  json["schemaVersion"] = 2;
  json["mediaType"] = std::string(oci::k_oci_manifest);
  json["config"] = put_text(storage, name, "{}").to_json();
  json["layers"] = Json::array({put_text(storage, name, text).to_json()});
  if (subject) {
    json["subject"] = subject->to_json();
  }
  const auto document = oci::make_document(json.dump(), {}, {}, "an image");
  storage.repository(name)->put_manifest(document, tag);
  return document;
}

struct Fixture {
  TemporaryFolder folder;
  std::shared_ptr<V2Storage> storage =
      V2Storage::open(folder.path().string(), V2Storage::Missing::create);

  oci::Descriptor put(const std::string& name, const std::string& text) const {
    return put_text(*storage, name, text);
  }

  oci::Document put_image(const std::string& name, const std::string& text,
                          const std::optional<std::string>& tag,
                          const std::optional<oci::Descriptor>& subject = {}) const {
    return ::put_image(*storage, name, text, tag, subject);
  }

  oci::Document put_index(const std::string& name, const oci::Document& child,
                          const std::optional<std::string>& tag) {
    Json json = Json::object();
    json["schemaVersion"] = 2;
    json["mediaType"] = std::string(oci::k_oci_index);
    json["manifests"] = Json::array({child.descriptor().to_json()});
    const auto document = oci::make_document(json.dump(), {}, {}, "an index");
    storage->repository(name)->put_manifest(document, tag);
    return document;
  }

  /// A manifest as distribution stores it, whatever is in it.
  [[nodiscard]] oci::Digest plant(const std::string& name, const std::string& bytes,
                                  const std::optional<std::string>& tag) const {
    const auto digest = oci::Digest::of(bytes);
    storage->put_bytes(bytes, v2_paths::uploads(name));
    storage->put_link(v2_paths::revision(name, digest), digest);
    if (tag) {
      storage->put_link(v2_paths::current(name, *tag), digest);
    }
    return digest;
  }

  [[nodiscard]] bool has(const oci::Digest& digest) const {
    return fs::exists(folder / v2_paths::blob(digest));
  }
};

/// The text of an image's manifest, with `from` replaced by `to`.
std::string changed(const oci::Document& document, const std::string& from, const std::string& to) {
  auto text = document.bytes;
  const auto at = text.rfind(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_SUITE_BEGIN("ops/oci/tree_gc");

TEST_CASE("of what distribution pushed nothing goes that a tag, an index or a referrer reaches") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("pushed", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto before = states_of(*storage);
  const auto files = files_in(folder.path());
  const auto planned = collect(storage, {.grace = 0s});
  CHECK(files_in(folder.path()) == files); // only a report
  const auto done = collect(storage, {.apply = true, .grace = 0s});
  CHECK(done.garbage == planned.garbage);
  CHECK(done.report.blobs > 0);
  CHECK(done.report.kept_repositories == 0);
  CHECK(done.has("blob")); // of team/deleted
  CHECK(done.has("upload team/uploads "));
  const auto after = states_of(*storage);
  for (const auto& entry : before) {
    const auto& name = entry.first;
    const auto state = entry.second;
    CAPTURE(name);
    const auto place = after.find(name);
    const bool is_there = place != after.end();
    CHECK((is_there ? place->second == state
                    : done.has("revision " + name.substr(0, name.find(':')) + " " +
                               name.substr(name.find(':') + 1))));
  }
  CHECK(collect(storage, {.apply = true, .grace = 0s}).garbage.empty());
}

TEST_CASE("a damaged repository is kept whole, and the others are cleaned") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto before = states_of(*storage);
  const auto done = collect(storage, {.apply = true, .grace = 0s});
  for (const auto* name :
       {"current-empty", "no-current", "empty-tag", "manifest-gone", "manifest-flipped",
        "index-child-gone", "tag-dangling", "Bad Name", "UPPER", "_hidden", ".trash"}) {
    CAPTURE(name);
    CHECK(done.kept.contains("wild/" + std::string(name)));
  }
  CHECK(done.has("revision wild/untagged "));
  CHECK(done.has("layer link wild/orphan-blobs "));
  CHECK(done.has("upload wild/uploads-left "));
  CHECK_FALSE(done.has("upload wild/blob-in-upload "));
  CHECK_FALSE(done.has("revision wild/referrer-untagged "));
  CHECK_FALSE(done.has("revision wild/revision-lost "));
  for (const auto& entry : states_of(*storage)) {
    CAPTURE(entry.first);
    CHECK(before.at(entry.first) == entry.second);
  }
  CHECK(fs::exists(folder / "docker/registry/v2/repositories/wild/foreign-files/_manifests/tags/"
                            ".DS_Store"));
  CHECK(collect(storage, {.apply = true, .grace = 0s}).garbage.empty());
}

TEST_CASE("what is young is kept with all that it names") {
  Fixture tree;
  const auto image = tree.put_image("app", "layer", {});
  const auto lone = tree.put("app", "lone");
  auto kept = collect(tree.storage, {.apply = true, .force = true});
  CHECK(kept.garbage.empty());
  CHECK(kept.report.young == 2);
  CHECK(tree.has(image.digest));
  const auto gone = collect(tree.storage, {.apply = true, .grace = 0s, .force = true});
  CHECK(gone.report.revisions == 1);
  CHECK(gone.report.blobs == 4);
  CHECK(gone.report.links == 3);
  CHECK_FALSE(tree.has(image.digest));
  CHECK_FALSE(tree.has(lone.digest));
  CHECK_FALSE(tree.storage->repository("app")->find_manifest(image.digest));
}

TEST_CASE("indexes in indexes, artifacts of artifacts and lists of referrers are followed") {
  Fixture tree;
  const auto image = tree.put_image("app", "layer", {});
  const auto inner = tree.put_index("app", image, {});
  const auto outer = tree.put_index("app", inner, "1");
  const auto signature = tree.put_image("app", "signature", {}, image.descriptor());
  const auto second = tree.put_image("app", "second", {}, signature.descriptor());
  tree.storage->repository("app")->remove_tag(oci::referrers_tag(image.digest));
  tree.storage->repository("app")->remove_tag(oci::referrers_tag(signature.digest));
  const auto stray = tree.put_image("app", "stray", {});
  const auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.has("revision app " + stray.digest.to_string()));
  const auto repository = tree.storage->repository("app");
  for (const auto& document : {image, inner, outer, signature, second}) {
    CHECK(repository->read_manifest(document.digest));
  }
  CHECK(repository->find_blob(oci::Digest::of("second")));
  CHECK_FALSE(repository->find_manifest(stray.digest));
  CHECK_FALSE(tree.has(oci::Digest::of("stray")));
}

TEST_CASE("a blob that another repository needs loses only its link") {
  Fixture tree;
  tree.put_image("one", "layer", "1");
  tree.put_image("two", "layer", {});
  collect(tree.storage, {.apply = true, .grace = 0s, .force = true});
  const auto layer = oci::Digest::of("layer");
  CHECK(tree.has(layer));
  CHECK(tree.storage->repository("one")->find_blob(layer));
  CHECK_FALSE(tree.storage->repository("two")->find_blob(layer));
}

TEST_CASE("a repository whose tags may be elsewhere is kept whole, unless it is forced") {
  Fixture tree;
  tree.put_image("app", "tagged", "1");
  const auto former = tree.put_image("app", "former", "2");
  tree.storage->repository("app")->remove_tag("2");
  const auto untagged = tree.put_image("openshift/app", "untagged", {});
  const auto lone = tree.put("pushed/half", "lone");
  auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.size() == 1);
  CHECK(done.kept.at("openshift/app").find("OpenShift") != std::string::npos);
  CHECK(tree.storage->repository("openshift/app")->read_manifest(untagged.digest));
  CHECK(tree.has(oci::Digest::of("untagged")));
  CHECK_FALSE(tree.has(former.digest));
  CHECK_FALSE(tree.has(lone.digest)); // of a push that never ended
  done = collect(tree.storage, {.apply = true, .grace = 0s, .force = true});
  CHECK(done.kept.empty());
  CHECK_FALSE(tree.has(untagged.digest));
}

TEST_CASE("blobs stay where no repository has tags") {
  Fixture tree; // as OpenShift wrote it while even its manifests were elsewhere
  const auto blob = tree.put("app", "layer");
  const auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.contains("app"));
  CHECK(done.garbage.empty());
  CHECK(tree.has(blob.digest));
}

TEST_CASE("a tree that lies where Harbor puts it is refused, unless it is forced") {
  const TemporaryFolder folder;
  const auto tree = folder / "registry";
  for (const auto* name : {"ca_download", "job_logs", "registry", "secret"}) {
    fs::create_directory(folder / name);
  }
  const auto storage = V2Storage::open(tree.string() + "/", V2Storage::Missing::create);
  const auto image = put_image(*storage, "library/app", "layer", "1");
  storage->repository("library/app")->remove_tag("1");
  CHECK(failure([&] { collect(storage, {}); }) == ErrorKind::unsupported);
  CHECK(failure([&] { collect(storage, {.apply = true, .grace = 0s}); }) == ErrorKind::unsupported);
  CHECK(storage->repository("library/app")->read_manifest(image.digest));
  CHECK(collect(storage, {.apply = true, .grace = 0s, .force = true}).report.revisions == 1);
}

TEST_CASE("a manifest whose link was lost is kept") {
  Fixture tree;
  const auto image = tree.put_image("app", "layer", "1");
  fs::remove_all(tree.folder / v2_paths::revision("app", image.digest));
  fs::remove_all(tree.folder / v2_paths::layers("app"));
  CHECK(collect(tree.storage, {.apply = true, .grace = 0s}).garbage.empty());
}

TEST_CASE("what a manifest names is kept, also if distribution alone takes it for one") {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  std::string many = "1";
  for (int i = 0; i < 600'000; ++i) {
    many += ",1";
  }
  const std::vector<std::pair<std::string, std::string>> rows = {
      {",\"size\":5", ""},
      {"\"size\":5", "\"size\":-1"},
      {"\"size\":5", "\"size\":5,\"data\":\"***\""},
      {"\"layers\":", "\"manifests\":[],\"layers\":"},
      {"\"layers\":", "\"Layers\":"},
      {"\"layers\":", "\"z\":" + deep + ",\"layers\":"},
      {"\"layers\":", "\"z\":[" + many + "],\"layers\":"},
  };
  for (const auto& row : rows) {
    const std::string from = row.first;
    const std::string to = row.second;
    CAPTURE(to.substr(0, 100));
    Fixture tree;
    const auto image = tree.put_image("app", "layer", {});
    const auto odd = tree.plant("app", changed(image, from, to), "1");
    tree.put("app", "stray");
    collect(tree.storage, {.apply = true, .grace = 0s});
    const auto repository = tree.storage->repository("app");
    CHECK(tree.has(odd));
    CHECK(repository->find_blob(oci::Digest::of("{}")));
    CHECK(repository->find_blob(oci::Digest::of("layer")));
    CHECK(tree.has(oci::Digest::of("layer")));
  }
}

TEST_CASE("an index that is refused keeps its images, an artifact that is refused its blobs") {
  Fixture tree;
  const auto image = tree.put_image("app", "layer", {});
  const auto index = tree.put_index("app", image, {});
  const auto odd = tree.plant("app", changed(index, "\"size\":", "\"size\":-"), "1");
  const auto artifact = tree.put_image("app", "signature", {}, image.descriptor());
  const auto refers =
      tree.plant("app", changed(artifact, "\"layers\":", "\"manifests\":7,\"layers\":"), {});
  const auto repository = tree.storage->repository("app");
  repository->remove_manifest(artifact.digest); // and with it the list of referrers
  tree.put("app", "stray");
  const auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.empty());
  CHECK_FALSE(tree.has(oci::Digest::of("stray")));
  CHECK(tree.has(odd));
  CHECK(repository->read_manifest(image.digest));
  CHECK(repository->find_blob(oci::Digest::of("layer")));
  CHECK(tree.has(refers));
  CHECK(repository->find_blob(oci::Digest::of("signature")));
}

TEST_CASE("a repository with a tag on what cannot be read is kept whole") {
  Fixture tree;
  const auto lone = tree.put("app", "lone");
  const auto digest = tree.plant("app", "no JSON", "1");
  auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.at("app").find("cannot be read") != std::string::npos);
  CHECK(tree.has(lone.digest));
  CHECK(tree.has(digest));
  tree.storage->repository("app")->remove_tag("1");
  const auto big =
      tree.plant("app", "{\"a\":\"" + std::string(oci::k_manifest_limit_bytes, 'x') + "\"}", "2");
  done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.at("app").find("too large") != std::string::npos);
  CHECK(tree.has(lone.digest));
  CHECK(tree.has(big));
}

TEST_CASE("an index that names blobs keeps those") {
  Fixture tree;
  const auto layer = tree.put("app", "cached layer");
  Json json = {{"schemaVersion", 2},
               {"mediaType", oci::k_oci_index},
               {"manifests", Json::array({layer.to_json()})}};
  const auto index = tree.plant("app", json.dump(), "cache");
  tree.put("app", "stray");
  const auto done = collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK(done.kept.empty());
  CHECK(tree.has(index));
  CHECK(tree.has(layer.digest));
  CHECK_FALSE(tree.has(oci::Digest::of("stray")));
}

TEST_CASE("entries of a tag's index go with their revisions") {
  Fixture tree;
  const auto one = tree.put_image("app", "one", "1");
  const auto two = tree.put_image("app", "two", "1");
  collect(tree.storage, {.apply = true, .grace = 0s});
  CHECK_FALSE(fs::exists(tree.folder / v2_paths::tag_index("app", "1", one.digest)));
  CHECK(fs::exists(tree.folder / v2_paths::tag_index("app", "1", two.digest)));
}

TEST_CASE("what killed processes left is removed") {
  Fixture tree;
  tree.put_image("app", "layer", "1");
  const auto uploads = v2_paths::uploads("app");
  std::ofstream(tree.folder / (uploads + "/.loose.1.2.part")) << "half";
  fs::create_directories(tree.folder / (uploads + "/.~gone-1-2/current"));
  std::ofstream(tree.folder / (uploads + "/.~gone-1-2/current/link")) << "x";
  const auto done = collect(tree.storage, {.apply = true});
  CHECK(done.report.unfinished == 2);
  CHECK(fs::is_empty(tree.folder / uploads));
}

TEST_CASE("a collection waits for no writer") {
  Fixture tree;
  tree.put_image("app", "layer", "1");
  const auto other = V2Storage::open(tree.folder.path().string());
  CHECK(failure([&] { collect(other, {.apply = true}); }) == ErrorKind::unavailable);
  CHECK(collect(other, {}).garbage.empty());
}

TEST_CASE("what is behind links is needed, and nothing goes where too many are in the way") {
  Fixture tree;
  const auto image = tree.put_image("app", "layer", "1");
  const auto repositories = tree.folder / std::string(v2_paths::k_repositories);
  fs::create_directories(tree.folder / "elsewhere/inner");
  fs::rename(repositories / "app", tree.folder / "elsewhere/app");
  fs::create_directory_symlink("../../../../elsewhere", repositories / "linked");
  CHECK(collect(tree.storage, {.apply = true, .grace = 0s}).garbage.empty());
  CHECK(tree.storage->repository("linked/app")->read_manifest(image.digest));
  fs::create_directory_symlink("inner", tree.folder / "elsewhere/second");
  CHECK(failure([&] { collect(tree.storage, {.apply = true, .grace = 0s}); }) ==
        ErrorKind::unsupported);
}

TEST_CASE("in a bucket only what is older than the grace goes, which is an hour or more") {
  test::FakeServer server{"http://s3:9000"};
  test::FakeBucket stored{server};
  const auto storage =
      V2Storage::open(objects::open_bucket_tree(
                          std::make_shared<objects::Bucket>(server, test::bucket_options()), ""),
                      V2Storage::Missing::create);
  const auto kept = put_image(*storage, "app", "layer", "1");
  const auto old = put_image(*storage, "app", "old", {});
  CHECK(failure([&] { collect(storage, {.apply = true, .grace = 59min}); }) == ErrorKind::usage);
  CHECK(collect(storage, {.apply = true, .grace = 1h}).garbage.empty());
  for (const auto& [key, bytes] : stored.objects()) {
    stored.put(key, bytes, 1'000'000'000);
  }
  const auto young = put_image(*storage, "app", "young", {});
  const auto done = collect(storage, {.apply = true, .grace = 1h});
  CHECK(done.report.revisions == 1);
  CHECK(done.report.young == 1);
  const auto repository = storage->repository("app");
  CHECK(repository->read_manifest(kept.digest));
  CHECK(repository->read_manifest(young.digest));
  CHECK_FALSE(repository->read_manifest(old.digest));
  CHECK(stored.objects().count(v2_paths::blob(oci::Digest::of("old"))) == 0);
  CHECK(repository->find_blob(oci::Digest::of("layer")));
}

TEST_SUITE_END();
