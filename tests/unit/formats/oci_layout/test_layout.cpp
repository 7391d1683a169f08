// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/oci_sample.hpp"
#include "support/temporary_folder.hpp"
#include "support/unpacked.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/formats/oci_layout.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

using namespace regctl;
using oci::Digest;
using oci::ManifestName;
using test::failure;
using test::index_of;
using test::read_whole;
using test::tags_of;
using test::text_of;
using test::upload_of;
using Sample = test::OciSample;
using test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

const fs::path k_data = fs::path(REGCTL_TEST_DATA) / "layouts";

struct Fixture {
  TemporaryFolder folder;
  std::string path = (folder / "layout").string();

  std::unique_ptr<OciImages> open(MissingLayout missing = MissingLayout::fail) const {
    return open_oci_layout(path, missing);
  }

  std::unique_ptr<OciImages> open(const std::string& tar) const {
    test::unpack_tar(k_data / tar, path);
    return open();
  }

  std::string read(const std::string& name) const {
    return read_file(fs::path(path) / name, 1'000'000);
  }

  void write(const std::string& name, const std::string& text) const {
    const auto file = fs::path(path) / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }

  /// A layout with these entries, as members of descriptors, of the sample's manifest.
  std::unique_ptr<OciImages> open_with(const std::vector<std::pair<Sample, std::string>>& entries,
                                       const std::string& members = "") const {
    auto list = Json::array();
    for (const auto& [sample, annotations] : entries) {
      auto entry = sample.document.descriptor().to_json();
      entry["annotations"] = parse_json(annotations, "annotations");
      list.push_back(entry);
      write("blobs/sha256/" + std::string(sample.document.digest.hex()), sample.document.bytes);
    }
    write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    write("index.json", R"({"schemaVersion":2,"manifests":)" + list.dump() + members + "}");
    return open();
  }
};

} // namespace

TEST_SUITE_BEGIN("formats/oci_layout/layout");

// --- reading ---

TEST_CASE_FIXTURE(Fixture, "the layout of umoci: tags, manifests and blobs") {
  const auto layout = open("layout-umoci.tar.gz");
  CHECK(tags_of(*layout) == std::set<std::string>{"1", "2", "latest"});
  const auto found = layout->find_manifest(ManifestName::tag("2"));
  REQUIRE(found);
  CHECK(found->digest.short_hex() == "400a165227fd");
  CHECK(found->media_type == oci::k_oci_manifest);
  CHECK(found->size_bytes == 728);
  const auto document = layout->read_manifest(ManifestName::tag("latest"));
  REQUIRE(document);
  CHECK(document->digest == found->digest);
  CHECK(document->bytes.size() == 728);
  const auto manifest = oci::Manifest::parse(document->bytes, document->media_type, "it");
  for (const auto& blob : manifest.blobs()) {
    CHECK(layout->find_blob(blob.digest) == blob.size_bytes);
    CHECK(text_of(*layout, blob).size() == blob.size_bytes);
  }
  CHECK_FALSE(layout->find_manifest(ManifestName::tag("3")));
  CHECK_FALSE(layout->read_manifest(ManifestName(Digest::of("nothing"))));
  CHECK_FALSE(layout->find_blob(Digest::of("nothing")));
}

TEST_CASE_FIXTURE(Fixture, "manifests that index.json does not list are found by digest") {
  const auto layout = open("layout-multiarch-skopeo.tar.gz");
  const auto index = layout->read_manifest(ManifestName::tag("1"));
  REQUIRE(index);
  const auto parsed = oci::Manifest::parse(index->bytes, index->media_type, "it");
  REQUIRE(parsed.kind == oci::Manifest::Kind::index);
  for (const auto& child : parsed.manifests) {
    const auto found = layout->find_manifest(ManifestName(child.digest));
    REQUIRE(found);
    CHECK(found->media_type == child.media_type);
    CHECK(found->size_bytes == child.size_bytes);
    CHECK(layout->read_manifest(ManifestName(child.digest))->digest == child.digest);
  }
  CHECK(layout->entries().size() == 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "images of several repositories with one ref.name have their full names") {
  const Sample a("a");
  const Sample b("b");
  const auto layout = open_with(
      {{a,
        R"({"io.containerd.image.name":"docker.io/library/a:1","org.opencontainers.image.ref.name":"1"})"},
       {b,
        R"({"io.containerd.image.name":"host:5000/b:1","org.opencontainers.image.ref.name":"1"})"}});
  CHECK(tags_of(*layout) == std::set<std::string>{"docker.io/library/a:1", "host:5000/b:1"});
  CHECK(layout->find_manifest(ManifestName::tag("host:5000/b:1"))->digest == b.document.digest);
  CHECK(layout->find_manifest(ManifestName::tag("docker.io/a:1"))->digest == a.document.digest);
  try {
    layout->find_manifest(ManifestName::tag("1"));
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().find(a.document.digest.to_string()) != std::string::npos);
    CHECK(error.message().find("host:5000/b:1") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "one manifest under one name twice is not ambiguous") {
  const Sample a("a");
  const std::string name = R"({"org.opencontainers.image.ref.name":"1"})";
  const auto layout = open_with({{a, name}, {a, name}});
  CHECK(layout->find_manifest(ManifestName::tag("1"))->digest == a.document.digest);
  CHECK(tags_of(*layout).size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "entries without a name are listed and have no tag") {
  const Sample a("a");
  const auto layout = open_with({{a, "{}"}});
  CHECK(tags_of(*layout).empty());
  REQUIRE(layout->entries().size() == 1);
  CHECK(layout->entries()[0].tag.empty());
  CHECK(layout->read_manifest(ManifestName(a.document.digest)));
}

TEST_CASE_FIXTURE(Fixture, "a tag whose manifest is missing says so, other blobs may be missing") {
  const Sample a("a");
  const auto layout = open_with({{a, R"({"org.opencontainers.image.ref.name":"1"})"}});
  const auto config = oci::Descriptor{"", Digest::of(a.config), a.config.size()};
  CHECK_FALSE(layout->find_blob(config.digest));
  CHECK(failure([&] { layout->open_blob(config); }) == ErrorKind::not_found);
  auto with_data = config;
  with_data.data = a.config;
  CHECK(text_of(*layout, with_data) == a.config);
  with_data.data = "something else";
  CHECK(failure([&] { text_of(*layout, with_data); }) == ErrorKind::integrity);
  fs::remove(fs::path(path) / "blobs/sha256" / std::string(a.document.digest.hex()));
  CHECK(failure([&] { layout->find_manifest(ManifestName::tag("1")); }) == ErrorKind::not_found);
  CHECK_FALSE(layout->find_manifest(ManifestName(a.document.digest)));
}

TEST_CASE_FIXTURE(Fixture, "blobs and manifests of wrong bytes or sizes are refused") {
  const Sample a("a");
  const auto layout = open_with({{a, R"({"org.opencontainers.image.ref.name":"1"})"}});
  const auto file = "blobs/sha256/" + std::string(a.document.digest.hex());
  auto changed = a.document.bytes;
  changed[1] ^= 1;
  SUBCASE("bytes") {
    write(file, changed);
    CHECK(failure([&] { layout->read_manifest(ManifestName::tag("1")); }) != ErrorKind::local_io);
    CHECK(failure([&] { text_of(*layout, a.document.descriptor()); }) == ErrorKind::integrity);
  }
  SUBCASE("sizes") {
    write(file, a.document.bytes + " ");
    CHECK(failure([&] { layout->read_manifest(ManifestName::tag("1")); }) == ErrorKind::integrity);
    CHECK(failure([&] { layout->find_manifest(ManifestName::tag("1")); }) == ErrorKind::integrity);
    CHECK(failure([&] { layout->open_blob(a.document.descriptor()); }) == ErrorKind::integrity);
  }
}

TEST_CASE_FIXTURE(Fixture, "links that lead out of the layout are refused") {
  const Sample a("a");
  const auto layout = open_with({{a, R"({"org.opencontainers.image.ref.name":"1"})"}});
  std::ofstream(folder / "secret") << a.config;
  const auto digest = Digest::of(a.config);
  const auto blobs = fs::path(path) / "blobs/sha256";
  fs::create_symlink(folder / "secret", blobs / std::string(digest.hex()));
  CHECK(failure([&] { layout->open_blob({"", digest, a.config.size()}); }) == ErrorKind::protocol);
  fs::remove_all(fs::path(path) / "blobs");
  fs::create_directories(folder / "elsewhere/sha256");
  fs::create_symlink(folder / "elsewhere", fs::path(path) / "blobs");
  CHECK(failure([&] { layout->put_blob(upload_of("x")); }) == ErrorKind::protocol);
  CHECK(fs::is_empty(folder / "elsewhere/sha256"));
}

TEST_CASE_FIXTURE(Fixture, "what is no layout is refused by name") {
  CHECK(failure([&] { open(); }) == ErrorKind::not_found);
  fs::create_directories(path);
  CHECK(failure([&] { open(); }) == ErrorKind::not_found);
  write("notes.txt", "mine");
  CHECK(failure([&] { open(MissingLayout::create); }) == ErrorKind::usage);
  write("index.json", R"({"manifests":[]})");
  CHECK(tags_of(*open()).empty()); // skopeo does not ask for oci-layout either
  write("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  CHECK(failure([&] { open(); }) == ErrorKind::unsupported);
  write("oci-layout", "{}");
  CHECK(failure([&] { open(); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(Fixture, "a wrong index.json names what is wrong") {
  const auto complaint = [&](const std::string& text) {
    write("index.json", text);
    try {
      open()->entries();
      return std::string("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      return error.message();
    }
  };
  CHECK(complaint("[]").find("no JSON object") != std::string::npos);
  CHECK(complaint(R"({"manifests":{}})").find("manifests is no list") != std::string::npos);
  CHECK(complaint(R"({"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]})")
            .find("manifests[0].digest") != std::string::npos);
  CHECK(complaint(R"({"manifests":[{"digest":")" + Digest::of("").to_string() + R"(","size":-1}]})")
            .find("manifests[0].size") != std::string::npos);
  CHECK(complaint(R"({"manifests":null})") == "taken");
}

// --- writing ---

TEST_CASE_FIXTURE(Fixture, "what was put is shown by finish(), and can be read by others") {
  const Sample a("a");
  const auto layout = open(MissingLayout::create);
  CHECK_FALSE(fs::exists(path)); // made by the first write
  CHECK(failure([&] { tags_of(*layout); }) == ErrorKind::not_found);
  a.put(*layout, "1.0");
  CHECK(tags_of(*open()).empty());
  CHECK(tags_of(*layout) == std::set<std::string>{"1.0"});
  CHECK(layout->find_manifest(ManifestName::tag("1.0"))->digest == a.document.digest);
  layout->finish();
  CHECK(read("oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(read("index.json") ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
            a.document.digest.to_string() + R"(","size":)" +
            std::to_string(a.document.bytes.size()) +
            R"(,"annotations":{"org.opencontainers.image.ref.name":"1.0"}}]})");
  const auto again = open();
  CHECK(tags_of(*again) == std::set<std::string>{"1.0"});
  CHECK(again->read_manifest(ManifestName::tag("1.0"))->bytes == a.document.bytes);
  CHECK(text_of(*again, {"", Digest::of(a.layer), a.layer.size()}) == a.layer);
}

TEST_CASE_FIXTURE(Fixture, "blobs of unknown digest and size, and of sha512, get their names") {
  const auto layout = open(MissingLayout::create);
  const auto put = layout->put_blob({{}, {}, [] { return make_text_source("bytes"); }});
  CHECK(put.digest == Digest::of("bytes"));
  CHECK(put.size_bytes == 5);
  CHECK(read("blobs/sha256/" + std::string(put.digest.hex())) == "bytes");
  const auto digest = Digest::of("bytes", oci::DigestAlgorithm::sha512);
  layout->put_blob({digest, {}, [] { return make_text_source("bytes"); }});
  CHECK(read("blobs/sha512/" + std::string(digest.hex())) == "bytes");
}

TEST_CASE_FIXTURE(Fixture, "a blob of other bytes than its digest is not stored") {
  const auto layout = open(MissingLayout::create);
  const auto digest = Digest::of("right");
  const auto put = [&](const std::string& bytes, std::optional<std::uint64_t> size) {
    return failure([&] {
      layout->put_blob({digest, size, [&] { return make_text_source(bytes); }});
    });
  };
  CHECK(put("wrong", 5) == ErrorKind::integrity);
  CHECK(put("right", 4) == ErrorKind::integrity);
  CHECK(put("right", 6) == ErrorKind::integrity);
  CHECK_FALSE(layout->find_blob(digest));
  CHECK(fs::is_empty(fs::path(path) / "blobs/sha256"));
}

TEST_CASE_FIXTURE(Fixture, "a blob that is there is not read again; one of another size is") {
  const auto layout = open(MissingLayout::create);
  layout->put_blob(upload_of("bytes"));
  bool is_read = false;
  const oci::BlobUpload again{Digest::of("bytes"), 5, [&] {
                                is_read = true;
                                return make_text_source("bytes");
                              }};
  layout->put_blob(again);
  CHECK_FALSE(is_read);
  write("blobs/sha256/" + std::string(Digest::of("bytes").hex()), "byt");
  layout->put_blob(again);
  CHECK(is_read);
  CHECK(layout->find_blob(Digest::of("bytes")) == 5);
  CHECK(layout->mount_blob({"", Digest::of("bytes"), 5}, "anywhere"));
  CHECK_FALSE(layout->mount_blob({"", Digest::of("other"), 5}, "anywhere"));
}

TEST_CASE_FIXTURE(Fixture, "a tag replaces the entry of its name; all else is kept") {
  const Sample a("a");
  const Sample b("b");
  const Sample c("c");
  const auto layout = open_with({{a, R"({"org.opencontainers.image.ref.name":"1","mine":"x"})"},
                                 {b, R"({"org.opencontainers.image.ref.name":"2","mine":"y"})"}},
                                R"(,"annotations":{"index":"kept"},"unknown":[1,2])");
  auto before = parse_json(read("index.json"), "it");
  before["manifests"][1]["unknown"] = "kept too";
  write("index.json", before.dump());
  c.put(*layout, "1");
  layout->finish();
  const auto after = parse_json(read("index.json"), "it");
  CHECK(after["annotations"] == before["annotations"]);
  CHECK(after["unknown"] == before["unknown"]);
  REQUIRE(after["manifests"].size() == 2);
  CHECK(after["manifests"][0]["digest"] == c.document.digest.to_string());
  CHECK(after["manifests"][1] == before["manifests"][1]);
}

TEST_CASE_FIXTURE(Fixture, "a name of images with different full names is not replaced") {
  const Sample a("a");
  const Sample b("b");
  const auto layout = open_with(
      {{a, R"({"io.containerd.image.name":"host/a:1","org.opencontainers.image.ref.name":"1"})"},
       {b, R"({"io.containerd.image.name":"host/b:1","org.opencontainers.image.ref.name":"1"})"}});
  Sample("c").put(*layout, "1");
  CHECK(failure([&] { layout->finish(); }) == ErrorKind::usage);
  CHECK(open()->entries().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a manifest without a tag is listed unless an index has it") {
  const Sample a("a");
  const Sample b("b");
  const auto layout = open(MissingLayout::create);
  a.put(*layout, {});
  b.put(*layout, {});
  layout->put_manifest(index_of({a.document}), "multi");
  layout->finish();
  const auto entries = open()->entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].tag == "multi");
  CHECK(entries[1].manifest.digest == b.document.digest);
  CHECK(entries[1].tag.empty());
  b.put(*layout, {}); // listed already
  layout->finish();
  CHECK(open()->entries().size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "referrers are found by their subject and by the tag that lists them") {
  const Sample image("image");
  const auto subject = R"(,"subject":)" + image.document.descriptor().to_json().dump();
  const Sample listed("listed", subject + R"(,"artifactType":"a/b","annotations":{"k":"v"})");
  const Sample tagged("tagged", subject);
  const auto layout = open(MissingLayout::create);
  image.put(*layout, "1");
  listed.put(*layout, {});
  const auto check_listed = [&](OciRepository& repository) {
    const auto found = repository.referrers(image.document.digest, oci::ReferrersTag::unknown);
    REQUIRE(found.size() == 1);
    CHECK(found[0].digest == listed.document.digest);
    CHECK(found[0].artifact_type == "a/b");
    CHECK(found[0].annotations.at("k") == "v");
  };
  check_listed(*layout);
  layout->finish();
  check_listed(*layout);
  check_listed(*open());
  tagged.put(*layout, {});
  layout->put_manifest(index_of({tagged.document, listed.document}),
                       oci::referrers_tag(image.document.digest));
  layout->finish();
  CHECK(open()->referrers(image.document.digest, oci::ReferrersTag::unknown).size() == 2);
  CHECK(open()->referrers(listed.document.digest, oci::ReferrersTag::unknown).empty());
}

TEST_CASE_FIXTURE(Fixture, "removing takes entries out of index.json and keeps blobs") {
  const Sample a("a");
  const Sample b("b");
  const auto layout = open(MissingLayout::create);
  CHECK(failure([&] { layout->remove_tag("1"); }) == ErrorKind::not_found);
  CHECK_FALSE(fs::exists(path));
  a.put(*layout, "1");
  a.put(*layout, "2");
  b.put(*layout, "3");
  layout->finish();
  layout->remove_tag("1");
  CHECK(tags_of(*open()) == std::set<std::string>{"2", "3"});
  CHECK(failure([&] { layout->remove_tag("1"); }) == ErrorKind::not_found);
  layout->remove_manifest(a.document.digest);
  CHECK(tags_of(*open()) == std::set<std::string>{"3"});
  CHECK(failure([&] { layout->remove_manifest(a.document.digest); }) == ErrorKind::not_found);
  layout->remove();
  CHECK(tags_of(*open()).empty());
  CHECK(open()->find_blob(Digest::of(a.layer)));
}

TEST_CASE_FIXTURE(Fixture, "what a layout cannot hold is refused") {
  const auto layout = open(MissingLayout::create);
  const std::string schema1 =
      R"({"schemaVersion":1,"fsLayers":[{"blobSum":")" + Digest::of("").to_string() + "\"}]}";
  const auto old = oci::make_document(schema1, oci::k_schema1, {}, "an old one");
  CHECK(failure([&] { layout->put_manifest(old, "1"); }) == ErrorKind::unsupported);
  auto wrong = Sample("a").document;
  wrong.digest = Digest::of("other bytes");
  CHECK(failure([&] { layout->put_manifest(wrong, "1"); }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "writers at once, in threads, lose nothing of each other's") {
  constexpr std::size_t k_writers = 8;
  constexpr std::size_t k_tags = 5;
  run_parallel(k_writers, k_writers, [&](std::size_t writer) {
    for (std::size_t i = 0; i < k_tags; ++i) {
      const auto layout = open(MissingLayout::create);
      const auto name = std::to_string(writer) + "." + std::to_string(i);
      Sample(name).put(*layout, name);
      Sample("shared").put(*layout, "shared");
      layout->finish();
    }
  });
  CHECK(tags_of(*open()).size() == k_writers * k_tags + 1);
}

TEST_CASE_FIXTURE(Fixture, "a layout is valid whenever its writer is killed") {
  constexpr int k_rounds = 12;
  std::size_t tags = 0;
  for (int round = 0; round < k_rounds; ++round) {
    int started[2] = {};
    REQUIRE(::pipe(started) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(started[0]);
      for (int i = 0;; ++i) { // until it is killed
        const auto layout = open(MissingLayout::create);
        const auto name = std::to_string(round) + "." + std::to_string(i);
        Sample(name).put(*layout, name);
        layout->finish();
        static_cast<void>(::write(started[1], "x", 1));
      }
    }
    ::close(started[1]);
    char mark = 0;
    for (int i = 0; i <= round % 3; ++i) { // tags that were finished, however far the next one came
      REQUIRE(::read(started[0], &mark, 1) == 1);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(started[0]);
    const auto layout = open();
    const auto names = tags_of(*layout);
    CHECK(names.size() >= tags + 1);
    tags = names.size();
    for (const auto& name : names) {
      CHECK_NOTHROW(read_whole(*layout, ManifestName::tag(name)));
    }
  }
}

TEST_SUITE_END();
