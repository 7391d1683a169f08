// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"
#include "support/v2_tree.hpp"

#include <regctl/base/file.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

using namespace regctl;
using namespace regctl::oci;
using test::failure;
using test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

const std::string k_layer_type(k_oci_layer);

struct Fixture {
  TemporaryFolder folder;
  std::shared_ptr<V2Storage> storage =
      V2Storage::open(folder.path().string(), V2Storage::Missing::create);

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::trunc) << text;
  }

  std::string read(const std::string& path) { return read_file(folder / path, 1'000'000); }

  std::unique_ptr<OciRepository> at(const std::string& name) { return storage->repository(name); }

  /// All files of the tree.
  std::set<std::string> files() {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
      if (!entry.is_directory()) {
        files.insert(fs::relative(entry.path(), folder.path()).string());
      }
    }
    return files;
  }
};

Descriptor put_text(OciRepository& repository, const std::string& text) {
  const auto stored = repository.put_blob(
      {Digest::of(text), text.size(), [text] { return make_text_source(text); }});
  CHECK(stored.size_bytes == text.size());
  return {.media_type = k_layer_type, .digest = stored.digest, .size_bytes = text.size()};
}

/// An image of one layer; `more` are further members of the manifest.
Document image_of(const Descriptor& config, const Descriptor& layer, const Json& more = {}) {
  Json json = Json::object();
  json["schemaVersion"] = 2;
  json["mediaType"] = std::string(k_oci_manifest);
  json["config"] = config.to_json();
  json["layers"] = Json::array({layer.to_json()});
  json.update(more.is_null() ? Json::object() : more);
  return make_document(json.dump(), {}, {}, "an image");
}

Document put_image(OciRepository& repository, const std::string& text,
                   const std::optional<std::string>& tag, const Json& more = {}) {
  const auto document = image_of(put_text(repository, "{}"), put_text(repository, text), more);
  repository.put_manifest(document, tag);
  return document;
}

Document index_of(const Document& child) {
  Json json = Json::object();
  json["schemaVersion"] = 2;
  json["mediaType"] = std::string(k_oci_index);
  json["manifests"] = Json::array({child.descriptor().to_json()});
  return make_document(json.dump(), {}, {}, "an index");
}

Names tags_of(OciRepository& repository) {
  Names names;
  repository.list_tags(
      [&](const Names& page) { names.insert(names.end(), page.begin(), page.end()); });
  return names;
}

std::string text_of(OciRepository& repository, const Descriptor& blob) {
  return read_text(*repository.open_blob(blob), 1'000'000, "a blob");
}

Names repositories_of(const V2Storage& storage) {
  Names names;
  storage.for_each_repository([&](const std::string& name) { names.push_back(name); });
  return names;
}

ino_t inode_of(const fs::path& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_ino;
}

} // namespace

TEST_SUITE_BEGIN("formats/v2_storage/v2_storage");

TEST_CASE("only a tree is opened, and only an empty folder or the other tree becomes one") {
  using Missing = V2Storage::Missing;
  const TemporaryFolder folder;
  const auto open = [&](const std::string& name, Missing missing) {
    return V2Storage::open((folder / name).string(), missing);
  };
  CHECK(failure([&] { open("none", Missing::error); }) == ErrorKind::not_found);
  CHECK(open("a/new", Missing::create));
  CHECK(failure([&] { open("a/new", Missing::error); }) == ErrorKind::not_found); // still empty
  fs::create_directories(folder / "disk/lost+found");
  CHECK(open("disk", Missing::create));
  fs::create_directories(folder / "v1/images");
  CHECK(open("v1", Missing::create));
  fs::create_directories(folder / "home/letters");
  CHECK(failure([&] { open("home", Missing::create); }) == ErrorKind::protocol);
  fs::create_directories(folder / "tree/docker/registry/v2/blobs/sha256");
  CHECK(open("tree", Missing::error));
  CHECK(failure([&] { open("tree/docker/registry/v2", Missing::create); }) == ErrorKind::protocol);
  CHECK(failure([&] { open("tree/docker", Missing::error); }) == ErrorKind::protocol);
  std::ofstream(folder / "file") << "x";
  CHECK(failure([&] { open("file", Missing::create); }) == ErrorKind::protocol);
  fs::create_directories(folder / "tree/docker/registry/lockfiles");
  std::ofstream(folder / "tree/docker/registry/lockfiles/database-in-use") << "";
  CHECK(failure([&] { open("tree", Missing::error); }) == ErrorKind::unsupported);
}

TEST_CASE("repositories are found wherever they lie, and illegal names are told apart") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("pushed", folder.path());
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  const auto names = repositories_of(*storage);
  const std::set<std::string> found(names.begin(), names.end());
  CHECK(found.size() == names.size());
  for (const auto* tree : {"pushed", "wild"}) {
    test::for_each_expectation(tree, [&](const Json& line) {
      if (line.contains("tag")) {
        return;
      }
      const auto name = line["repo"].get<std::string>();
      CAPTURE(name);
      const bool is_listed = line["d2.8"]["in_catalog"] == true || line["d3"]["in_catalog"] == true;
      CHECK(found.contains(name) == (is_listed && line["state"] != "illegal repository name"));
      CHECK(storage->has_repository(name) == found.contains(name));
    });
  }
  Names illegal;
  storage->walk([&](const V2Storage::Found& entry) {
    if (!entry.is_legal) {
      illegal.push_back(entry.name);
    }
  });
  CHECK(illegal == Names{"wild/.trash", "wild/Bad Name", "wild/UPPER", "wild/_hidden"});
}

TEST_CASE("a ring of links among the repositories has an end") {
  Fixture tree;
  put_image(*tree.at("team/app"), "layer", "1");
  const auto repositories = tree.folder / "docker/registry/v2/repositories";
  fs::create_directory_symlink(".", repositories / "one");
  fs::create_directory_symlink("..", repositories / "team/two");
  CHECK(repositories_of(*tree.storage) == Names{"one/team/app", "team/app", "team/two/team/app"});
}

TEST_CASE("what distribution pushed is read by tag and by digest, with every blob") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("pushed", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  int manifests = 0;
  test::for_each_expectation("pushed", [&](const Json& line) {
    if (!line.contains("tag") || line.value("state", "") != "sound") {
      return;
    }
    ++manifests;
    CAPTURE(line.dump());
    const auto repository = storage->repository(line["repo"].get<std::string>());
    const auto digest = Digest::parse(line["digest"].get<std::string>(), "it");
    const auto document = repository->read_manifest(digest);
    REQUIRE(document);
    CHECK(document->digest == digest);
    CHECK(repository->find_manifest(digest) == document->descriptor());
    if (!line["tag"].is_null()) {
      const auto tag = line["tag"].get<std::string>();
      const auto by_tag = repository->read_manifest(ManifestName::tag(tag));
      REQUIRE(by_tag);
      CHECK(by_tag->bytes == document->bytes);
      const auto tags = tags_of(*repository);
      CHECK(std::count(tags.begin(), tags.end(), tag) == 1);
    }
    const auto manifest = Manifest::parse(document->bytes, document->media_type, "it");
    for (const auto& blob : manifest.blobs()) {
      if (!blob.urls.empty()) {
        CHECK_FALSE(repository->find_blob(blob.digest));
        CHECK(failure([&] { repository->open_blob(blob); }) == ErrorKind::not_found);
        continue;
      }
      const auto size = repository->find_blob(blob.digest);
      REQUIRE(size);
      CHECK(drain(*repository->open_blob(blob)) == *size);
    }
  });
  CHECK(manifests > 40);
}

TEST_CASE("a damaged tree never shows bytes under a digest that is not theirs") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  test::for_each_expectation("wild", [&](const Json& line) {
    if (!line.contains("tag") || line.value("state", "").starts_with("illegal")) {
      return;
    }
    CAPTURE(line.dump());
    const auto repository = storage->repository(line["repo"].get<std::string>());
    std::optional<Document> document;
    bool is_refused = false;
    try {
      document =
          line["tag"].is_null()
              ? repository->read_manifest(Digest::parse(line["digest"].get<std::string>(), "it"))
              : repository->read_manifest(ManifestName::tag(line["tag"].get<std::string>()));
    } catch (const Error& error) {
      is_refused = error.kind() == ErrorKind::protocol || error.kind() == ErrorKind::integrity;
      CHECK(is_refused);
      CHECK_FALSE(error.hint().empty());
    }
    bool is_whole = document.has_value();
    if (document) {
      CHECK(Digest::of(document->bytes) == document->digest);
      for (const auto& blob :
           Manifest::parse(document->bytes, document->media_type, "it").blobs()) {
        try {
          drain(*repository->open_blob(blob));
        } catch (const Error&) {
          is_whole = is_whole && !blob.urls.empty();
        }
      }
    }
    const auto state = line.value("state", "sound");
    const bool is_deleted = line.contains("revision");
    const bool is_of_blobs = !document || line["kind"] != "config-in-data"; // read from `data`
    const bool lists_others = document && is_index(document->media_type);
    if (state == "sound" && !is_deleted) {
      CHECK(is_whole);
    } else if (state == "damaged" && is_of_blobs && !lists_others) {
      CHECK_FALSE(is_whole);
    }
  });
}

TEST_CASE("a folder that somebody left among the tags is no tag") {
  const TemporaryFolder folder;
  test::unpack_v2_tree("wild", folder.path());
  const auto storage = V2Storage::open(folder.path().string());
  CHECK(tags_of(*storage->repository("wild/tag-names")) == Names{"1"});
  CHECK(tags_of(*storage->repository("wild/foreign-files")) == Names{"1"});
  CHECK(tags_of(*storage->repository("wild/no-tags-dir")).empty());
  CHECK(failure([&] { tags_of(*storage->repository("wild/none")); }) == ErrorKind::not_found);
  CHECK(failure([&] { static_cast<void>(storage->repository("wild/UPPER")); }) == ErrorKind::usage);
}

TEST_CASE("a link that is being written is read when it is written") {
  Fixture tree;
  const auto document = put_image(*tree.at("app"), "layer", "1");
  const auto link = v2_paths::link_in(v2_paths::current("app", "1"));
  tree.write(link, ""); // as distribution empties it first
  std::thread writer([&] { tree.write(link, document.digest.to_string()); });
  const auto found = tree.at("app")->find_manifest(ManifestName::tag("1"));
  writer.join();
  REQUIRE(found);
  CHECK(found->digest == document.digest);
}

TEST_CASE("a blob is stored under its digest and linked") {
  Fixture tree;
  const auto repository = tree.at("team/app");
  const auto blob = put_text(*repository, "content");
  CHECK(repository->find_blob(blob.digest) == 7);
  CHECK(text_of(*repository, blob) == "content");
  CHECK(tree.files() ==
        std::set<std::string>{v2_paths::blob(blob.digest),
                              v2_paths::link_in(v2_paths::layer("team/app", blob.digest))});
  CHECK(tree.read(v2_paths::link_in(v2_paths::layer("team/app", blob.digest))) ==
        blob.digest.to_string());
  CHECK_FALSE(tree.at("team/other")->find_blob(blob.digest));
  CHECK(failure([&] { tree.at("team/other")->open_blob(blob); }) == ErrorKind::not_found);
}

TEST_CASE("the digest of a blob need not be known, or may be a sha512") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto open = [] { return make_text_source("content"); };
  CHECK(repository->put_blob({{}, {}, open}).digest == Digest::of("content"));
  const auto long_digest = Digest::of("content", DigestAlgorithm::sha512);
  CHECK(repository->put_blob({long_digest, 7, open}).digest == long_digest);
  CHECK(repository->find_blob(long_digest) == 7);
  CHECK(text_of(*repository,
                {.media_type = k_layer_type, .digest = long_digest, .size_bytes = 7}) == "content");
  CHECK(tree.read(v2_paths::link_in(v2_paths::layer("app", long_digest))) ==
        Digest::of("content").to_string());
}

TEST_CASE("of a blob with a wrong digest or size nothing stays") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto open = [] { return make_text_source("content"); };
  const auto other = Digest::of("other");
  CHECK(failure([&] { repository->put_blob({other, 7, open}); }) == ErrorKind::integrity);
  CHECK(failure([&] {
          repository->put_blob({Digest::of("other", DigestAlgorithm::sha512), 7, open});
        }) == ErrorKind::integrity);
  CHECK(failure([&] {
          repository->put_blob({Digest::of("content"), 8, open});
        }) == ErrorKind::integrity);
  CHECK(failure([&] { repository->put_blob({{}, 6, open}); }) == ErrorKind::integrity);
  CHECK(tree.files().empty());
  CHECK_FALSE(fs::exists(tree.folder / "docker/registry/v2/blobs"));
}

TEST_CASE("a sound blob keeps its file, a damaged one is replaced") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto blob = put_text(*repository, "content");
  const auto path = tree.folder / v2_paths::blob(blob.digest);
  const auto inode = inode_of(path);
  put_text(*tree.at("other"), "content");
  CHECK(inode_of(path) == inode); // it may be a hard link to a file of the other tree
  for (const auto* damage : {"", "contenx", "longer content"}) {
    tree.write(v2_paths::blob(blob.digest), damage);
    put_text(*repository, "content");
    CHECK(text_of(*repository, blob) == "content");
  }
}

TEST_CASE("a blob is mounted from a repository that has it") {
  Fixture tree;
  const auto blob = put_text(*tree.at("from"), "content");
  const auto repository = tree.at("to");
  CHECK_FALSE(repository->mount_blob(blob, "nobody"));
  CHECK_FALSE(repository->mount_blob(blob, "Bad Name"));
  auto longer = blob;
  longer.size_bytes = 8;
  CHECK_FALSE(repository->mount_blob(longer, "from"));
  CHECK_FALSE(repository->find_blob(blob.digest));
  CHECK(repository->mount_blob(blob, "from"));
  CHECK(repository->find_blob(blob.digest) == 7);
}

TEST_CASE("a manifest is stored with its revision and its tag") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto one = put_image(*repository, "one", "latest");
  const auto two = put_image(*repository, "two", "latest");
  CHECK(repository->read_manifest(ManifestName::tag("latest"))->bytes == two.bytes);
  CHECK(repository->read_manifest(one.digest)->bytes == one.bytes);
  for (const auto& document : {one, two}) {
    CHECK(tree.read(v2_paths::blob(document.digest)) == document.bytes);
    CHECK(tree.read(v2_paths::link_in(v2_paths::tag_index("app", "latest", document.digest))) ==
          document.digest.to_string());
  }
  CHECK(tags_of(*repository) == Names{"latest"});
  CHECK_FALSE(tree.at("other")->read_manifest(one.digest));
  CHECK_FALSE(repository->read_manifest(ManifestName::tag("none")));
}

TEST_CASE("a manifest is refused as long as a part of it is not there") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto config = put_text(*repository, "{}");
  auto layer = put_text(*tree.at("other"), "layer");
  const auto image = image_of(config, layer);
  const auto put = [&](const Document& document) { repository->put_manifest(document, "1"); };
  CHECK(failure([&] { put(image); }) == ErrorKind::not_found);
  CHECK(repository->mount_blob(layer, "other"));
  tree.write(v2_paths::blob(layer.digest), "lay");
  CHECK(failure([&] { put(image); }) == ErrorKind::integrity);
  CHECK(failure([&] { put(index_of(image)); }) == ErrorKind::not_found);
  CHECK_FALSE(fs::exists(tree.folder / v2_paths::manifests("app")));
  tree.write(v2_paths::blob(layer.digest), "layer");
  put(image);
  put(index_of(image));
  layer.digest = Digest::of("elsewhere");
  layer.urls = {"https://elsewhere.example/layer"};
  put(image_of(config, layer));
}

TEST_CASE("a manifest that a full disk left empty is replaced") {
  Fixture tree;
  const auto document = put_image(*tree.at("app"), "layer", "1");
  tree.write(v2_paths::blob(document.digest), "");
  CHECK(failure([&] { tree.at("app")->read_manifest(document.digest); }) == ErrorKind::integrity);
  tree.at("app")->put_manifest(document, "1");
  CHECK(tree.at("app")->read_manifest(document.digest)->bytes == document.bytes);
}

TEST_CASE("only what servers can name is taken") {
  Fixture tree;
  const auto document = put_image(*tree.at("app"), "layer", "1");
  const auto by_sha512 =
      make_document(document.bytes, {}, Digest::of(document.bytes, DigestAlgorithm::sha512), "it");
  CHECK(failure([&] { tree.at("app")->put_manifest(by_sha512, "2"); }) == ErrorKind::unsupported);
  CHECK(failure([&] { tree.at("app")->put_manifest(document, "../x"); }) == ErrorKind::usage);
  auto wrong = document;
  wrong.digest = Digest::of("other");
  CHECK(failure([&] { tree.at("app")->put_manifest(wrong, "2"); }) == ErrorKind::integrity);
  CHECK(tags_of(*tree.at("app")) == Names{"1"});
}

TEST_CASE("on a full disk a put fails and nothing of it is visible") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto config = put_text(*repository, "{}");
  const auto layer = put_text(*repository, "layer");
  const auto before = tree.files();
  // A limit on the size of files stands for the full disk: each write past it fails.
  struct rlimit old_limit = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {20, old_limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  ErrorKind of_manifest{};
  ErrorKind of_blob{};
  try {
    of_manifest = failure([&] { repository->put_manifest(image_of(config, layer), "1"); });
    of_blob = failure([&] { put_text(*repository, std::string(100, 'x')); });
  } catch (...) {
  }
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  CHECK(of_manifest == ErrorKind::local_io);
  CHECK(of_blob == ErrorKind::local_io);
  CHECK(tree.files() == before);
  repository->put_manifest(image_of(config, layer), "1");
  CHECK(repository->read_manifest(ManifestName::tag("1")));
}

TEST_CASE("a tag is removed, and its manifest stays") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto document = put_image(*repository, "layer", "1");
  repository->put_manifest(document, "2");
  repository->remove_tag("1");
  CHECK(tags_of(*repository) == Names{"2"});
  CHECK(repository->find_manifest(document.digest));
  CHECK(failure([&] { repository->remove_tag("1"); }) == ErrorKind::not_found);
  CHECK(failure([&] { repository->remove_tag(".."); }) == ErrorKind::not_found);
  CHECK(fs::is_empty(tree.folder / v2_paths::uploads("app")));
}

TEST_CASE("a manifest is removed with each tag that names it") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto document = put_image(*repository, "layer", "1");
  const auto other = put_image(*repository, "other", "3");
  repository->put_manifest(document, "2");
  repository->remove_manifest(document.digest);
  CHECK(tags_of(*repository) == Names{"3"});
  CHECK_FALSE(repository->find_manifest(document.digest));
  CHECK(repository->find_manifest(other.digest));
  CHECK(failure([&] { repository->remove_manifest(document.digest); }) == ErrorKind::not_found);
}

TEST_CASE("a repository is removed, and those below it stay") {
  Fixture tree;
  put_image(*tree.at("team/app"), "layer", "1");
  put_image(*tree.at("team/app/below"), "layer", "1");
  tree.at("team/app")->remove();
  CHECK(repositories_of(*tree.storage) == Names{"team/app/below"});
  CHECK(failure([&] { tree.at("team/app")->remove(); }) == ErrorKind::not_found);
  tree.at("team/app/below")->remove();
  CHECK_FALSE(fs::exists(tree.folder / v2_paths::repository("team")));
}

TEST_CASE("referrers are listed by their tag, and found without it") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto image = put_image(*repository, "layer", "1");
  Json more;
  more["subject"] = image.descriptor().to_json();
  more["artifactType"] = "application/x.sbom";
  more["annotations"]["by"] = "somebody";
  const auto one = put_image(*repository, "one", {}, more);
  CHECK(repository->referrers(one.digest, oci::ReferrersTag::unknown).empty());
  const auto tag = referrers_tag(image.digest);
  CHECK(tags_of(*repository) == Names{"1", tag});
  auto found = repository->referrers(image.digest, oci::ReferrersTag::unknown);
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == one.digest);
  CHECK(found[0].artifact_type == "application/x.sbom");
  CHECK(found[0].annotations.at("by") == "somebody");
  const auto two = put_image(*repository, "two", {}, more);
  CHECK(referrers_in(repository->read_manifest(ManifestName::tag(tag))->bytes).size() == 2);
  repository->remove_tag(tag);
  CHECK(repository->referrers(image.digest, oci::ReferrersTag::unknown).size() == 2);
  repository->put_manifest(two, {});
  repository->remove_manifest(two.digest);
  CHECK(tags_of(*repository) == Names{"1"}); // an empty list is no use
  found = repository->referrers(image.digest, oci::ReferrersTag::unknown);
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == one.digest);
}

TEST_CASE("a list of referrers is kept where one of them is gone") {
  Fixture tree;
  const auto repository = tree.at("app");
  const auto image = put_image(*repository, "layer", "1");
  Json more;
  more["subject"] = image.descriptor().to_json();
  const auto one = put_image(*repository, "one", {}, more);
  fs::remove_all(tree.folder / v2_paths::revision("app", one.digest));
  put_image(*repository, "two", {}, more);
  CHECK(
      referrers_in(repository->read_manifest(ManifestName::tag(referrers_tag(image.digest)))->bytes)
          .size() == 2);
}

TEST_CASE("writers share the tree, and a garbage collection has it alone") {
  Fixture tree;
  auto other = V2Storage::open(tree.folder.path().string(), V2Storage::Missing::create);
  put_image(*tree.at("app"), "layer", "1");
  put_image(*other->repository("other"), "layer", "1");
  const auto third = V2Storage::open(tree.folder.path().string());
  CHECK_FALSE(third->lock_exclusively());
  other.reset();
  CHECK_FALSE(third->lock_exclusively());
  tree.storage.reset();
  auto exclusive = third->lock_exclusively();
  REQUIRE(exclusive);
  put_image(*third->repository("app"), "another", "1"); // its own process may write
  tree.storage = V2Storage::open(tree.folder.path().string());
  const auto put = [&] { put_image(*tree.at("app"), "layer", "2"); };
  CHECK(failure(put) == ErrorKind::unavailable);
  exclusive.reset();
  put();
}

TEST_SUITE_END();
