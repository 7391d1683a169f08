// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/open.hpp"
#include "support/failure.hpp"
#include "support/oci_sample.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/formats/oci_archive.hpp>
#include <regctl/model/oci/config.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using oci::Digest;
using oci::ManifestName;
using test::failure;
using test::read_whole;
using test::tags_of;
using test::text_of;
using Sample = test::OciSample;

namespace {

namespace fs = std::filesystem;

const fs::path k_data = fs::path(REGCTL_TEST_DATA) / "layouts";
const std::string k_name = "host:5000/team/app:1.0";
/// 20 bytes of zeros as a zstd frame of one repeated byte.
const std::string k_zstd_zeros("\x28\xb5\x2f\xfd\x20\x14\xa3\x00\x00\x00", 10);

std::string file(const std::string& name, const std::string& data) {
  return make_tar_header({name, data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0');
}

std::string gzipped(const std::string& text) {
  return read_text(*make_gzip_source(make_text_source(text)), 1'000'000, "it");
}

oci::Manifest manifest_of(OciRepository& repository, const std::string& tag) {
  const auto document = repository.read_manifest(ManifestName::tag(tag));
  REQUIRE(document);
  return oci::Manifest::parse(document->bytes, document->media_type, tag);
}

struct Fixture {
  test::TemporaryFolder folder;
  std::string path = (folder / "image.tar").string();
  Sample sample{"a"};

  std::unique_ptr<OciImages> open(const std::string& bytes) const {
    std::ofstream(path, std::ios::binary) << bytes;
    return ImageArchive::open(path)->oci();
  }

  /// The sample with its layer in an entry of that name and content.
  std::string archive(const std::string& layer_name, const std::string& stored) const {
    return file("c.json", sample.config) + file(layer_name, stored) +
           file("manifest.json", R"([{"Config":"c.json","RepoTags":["app:1"],"Layers":[")" +
                                     layer_name + R"("]}])") +
           make_tar_end();
  }
};

} // namespace

TEST_SUITE_BEGIN("formats/archive/docker_graph");

// --- reading ---

TEST_CASE("archives of Docker, podman and skopeo give manifests of plain layers") {
  const auto check = [](const std::string& tar, const std::set<std::string>& tags) {
    CAPTURE(tar);
    const auto images = ImageArchive::open(k_data / tar)->oci();
    CHECK(tags_of(*images) == tags);
    for (const auto& tag : tags) {
      read_whole(*images, ManifestName::tag(tag));
      const auto manifest = manifest_of(*images, tag);
      const auto config = oci::Config::parse(text_of(*images, *manifest.config), tag);
      REQUIRE(config.diff_ids.size() == manifest.layers.size());
      for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
        CHECK(manifest.layers[i].digest == config.diff_ids[i]);
        CHECK(manifest.layers[i].media_type == oci::k_oci_layer);
      }
    }
    CHECK(images->entries()[0].manifest.platform->to_string() == "linux/amd64");
  };
  check("save-20.10.tar", {"example/demo:1", "127.0.0.1:5700/team/multi:1"});
  check("podman-docker-archive.tar", {"localhost/demo:docker", "localhost/multi:amd64"});
  check("skopeo-docker-archive.tar", {"example/demo:1"});
  const auto images = ImageArchive::open(k_data / "skopeo-docker-archive.tar")->oci();
  CHECK(manifest_of(*images, "docker.io/example/demo:1").config->digest.short_hex() ==
        "17aa77266351");
}

TEST_CASE("an archive that is an OCI layout too keeps the digests of its manifests") {
  const auto images = ImageArchive::open(k_data / "ctr-export.tar")->oci();
  CHECK(read_whole(*images, ManifestName::tag("127.0.0.1:5700/app/podman:1")).short_hex() ==
        "fdd37ad66a02");
  CHECK(read_whole(*images, ManifestName::tag("127.0.0.1:5700/new/docker:1")).short_hex() ==
        "979f0db620a2");
  CHECK(images->find_manifest(ManifestName::tag("127.0.0.1:5700/new/docker:1"))->media_type ==
        oci::k_docker_manifest);
  // names of an image without RepoTags come from index.json
  const auto multi = ImageArchive::open(k_data / "oci-multiarch-ctr.tar")->oci();
  CHECK(read_whole(*multi, ManifestName::tag("127.0.0.1:5601/team/multi:1")).short_hex() ==
        "b2672dcb1c12");
}

TEST_CASE_FIXTURE(Fixture, "an image without RepoTags has all of its names in index.json") {
  const auto blob = [](const std::string& bytes) {
    return file("blobs/sha256/" + std::string(Digest::of(bytes).hex()), bytes);
  };
  std::string entries;
  for (const std::string name : {"host/app:1", "host/app:same"}) {
    auto entry = sample.document.descriptor().to_json();
    entry["annotations"] = {{"io.containerd.image.name", name}};
    entries += (entries.empty() ? "" : ",") + entry.dump();
  }
  const auto listed = [](const std::string& bytes) {
    return R"("blobs/sha256/)" + std::string(Digest::of(bytes).hex()) + "\"";
  };
  const auto layout =
      blob(sample.document.bytes) + blob(sample.config) + blob(sample.layer) +
      file("index.json", R"({"manifests":[)" + entries + "]}") +
      file("manifest.json", R"([{"Config":)" + listed(sample.config) +
                                R"(,"RepoTags":null,"Layers":[)" + listed(sample.layer) + "]}]") +
      make_tar_end();
  const auto images = open(layout);
  CHECK(tags_of(*images) == std::set<std::string>{"host/app:1", "host/app:same"});
  for (const std::string name : {"host/app:1", "host/app:same"}) {
    CHECK(read_whole(*images, ManifestName::tag(name)) == sample.document.digest);
  }
}

TEST_CASE_FIXTURE(Fixture, "a layout that lacks a blob is passed over, and a manifest made") {
  const Sample other("other");
  auto listed = sample.document.descriptor();
  const auto index = file("index.json", R"({"manifests":[)" + listed.to_json().dump() + "]}");
  const auto manifest =
      file("blobs/sha256/" + std::string(sample.document.digest.hex()), sample.document.bytes);
  const auto config =
      file("blobs/sha256/" + std::string(Digest::of(sample.config).hex()), sample.config);
  const auto layer =
      file("blobs/sha256/" + std::string(Digest::of(sample.layer).hex()), sample.layer);
  const auto whole = archive("l.tar", sample.layer);
  const auto digest = [&](const std::string& layout) {
    const auto images = open(layout + whole);
    return read_whole(*images, ManifestName::tag("app:1"));
  };
  CHECK(digest(index + manifest + config + layer) == sample.document.digest);
  const auto made = digest("");
  CHECK(made != sample.document.digest);
  CHECK(digest(index + manifest + config) == made);
  CHECK(digest(index) == made);
  CHECK(digest(file("index.json", "{")) == made);
}

TEST_CASE_FIXTURE(Fixture,
                  "indexes that name one another again and again are read in bounded time") {
  constexpr int k_levels = 7;
  constexpr std::size_t k_times = 40;
  auto files = archive("l.tar", sample.layer);
  const auto blob = [](const std::string& bytes) {
    return file("blobs/sha256/" + std::string(Digest::of(bytes).hex()), bytes);
  };
  std::string layout = blob(sample.config) + blob(sample.layer) + blob(sample.document.bytes);
  auto top = sample.document;
  for (int level = 0; level < k_levels; ++level) {
    top = test::index_of(std::vector<oci::Document>(k_times, top));
    layout += blob(top.bytes);
  }
  const auto entry = top.descriptor().to_json().dump();
  const auto images = open(layout + file("index.json", R"({"manifests":[)" + entry + "]}") + files);
  CHECK(images->find_manifest(ManifestName::tag("app:1"))->digest == top.digest);
}

TEST_CASE_FIXTURE(Fixture, "layers of every compression get digests and types of their own") {
  const auto layer_of = [&](const std::string& name, const std::string& stored) {
    const auto images = open(archive(name, stored));
    read_whole(*images, ManifestName::tag("app:1"));
    return manifest_of(*images, "app:1").layers.at(0);
  };
  const auto plain = layer_of("x/layer.tar", sample.layer);
  CHECK(plain.digest == Digest::of(sample.layer));
  CHECK(plain.media_type == oci::k_oci_layer);
  const auto packed = gzipped(sample.layer);
  const auto gzip = layer_of("x/layer.tar", packed);
  CHECK(gzip.digest == Digest::of(packed));
  CHECK(gzip.size_bytes == packed.size());
  CHECK(gzip.media_type == oci::k_oci_layer_gzip);
  CHECK(layer_of("blobs/sha256/" + std::string(Digest::of(packed).hex()), packed) == gzip);
  sample = Sample("zeros", std::string(20, '\0'), oci::k_oci_layer);
  const auto zstd = layer_of("x/layer.tar", k_zstd_zeros);
  CHECK(zstd.digest == Digest::of(k_zstd_zeros));
  CHECK(zstd.media_type == oci::k_oci_layer_zstd);
}

TEST_CASE_FIXTURE(Fixture, "layers of bzip2 are unpacked, since no media type tells of them") {
  sample = Sample("empty", "", oci::k_oci_layer);
  const std::string nothing("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00", 14);
  const auto images = open(archive("x/layer.tar", nothing));
  const auto layer = manifest_of(*images, "app:1").layers.at(0);
  CHECK(layer.media_type == oci::k_oci_layer);
  CHECK(layer.digest == Digest::of(""));
  CHECK(layer.size_bytes == 0);
  CHECK(text_of(*images, layer).empty());
}

TEST_CASE_FIXTURE(Fixture, "what is missing or wrong in an archive is named") {
  const auto kind = [&](const std::string& bytes) {
    return failure([&] { read_whole(*open(bytes), ManifestName::tag("app:1")); });
  };
  CHECK(kind(archive("l.tar", sample.layer + "x")) == ErrorKind::integrity);
  CHECK(
      kind(file("c.json", sample.config) +
           file("manifest.json", R"([{"Config":"c.json","RepoTags":["app:1"],"Layers":["l"]}])")) ==
      ErrorKind::protocol);
  CHECK(kind(file("c.json", sample.config) +
             file("manifest.json", R"([{"Config":"c.json","RepoTags":["app:1"],"Layers":[]}])")) ==
        ErrorKind::protocol);
  CHECK(kind(file("manifest.json", R"([{"Config":"../c.json","Layers":[]}])")) ==
        ErrorKind::protocol);
  CHECK(kind(file("manifest.json", R"({"Config":"c.json"})")) == ErrorKind::protocol);
  const auto wrong = "blobs/sha256/" + std::string(Digest::of("x").hex());
  CHECK(kind(file(wrong, sample.config) +
             file("manifest.json",
                  R"([{"Config":")" + wrong + R"(","RepoTags":["app:1"],"Layers":[]}])")) ==
        ErrorKind::integrity);
}

TEST_CASE("chains of v1 folders are told from images with configs") {
  const auto v1 = fs::path(REGCTL_TEST_DATA) / "v1";
  for (const auto* name : {"save-1.3.3.tar", "save-1.5.0.tar", "save-1.9.1.tar"}) {
    CAPTURE(name);
    const auto archive = ImageArchive::open(v1 / name);
    CHECK(archive->is_v1_chain({}));
    CHECK(archive->oci()->entries().empty());
    CHECK_FALSE(archive->v1()->images().empty());
    CHECK(archive->is_v1_chain(archive->v1()->images()[0].names.at(0)));
    CHECK_FALSE(archive->is_v1_chain("host/no/such:image"));
  }
  for (const auto* name : {"save-20.10.tar", "podman-docker-archive.tar", "ctr-export.tar",
                           "oci-multiarch-ctr.tar", "skopeo-oci-archive.tar"}) {
    CAPTURE(name);
    CHECK_FALSE(ImageArchive::open(k_data / name)->is_v1_chain({}));
  }
}

// --- writing ---

TEST_CASE_FIXTURE(Fixture, "an archive keeps digests, names and layers") {
  const auto archive = start_docker_archive(path);
  const Sample other("b", gzipped("a layer"), oci::k_oci_layer_gzip);
  sample.put(*archive, k_name);
  sample.put(*archive, "app");
  other.put(*archive, "docker.io/library/app:2");
  CHECK(tags_of(*archive) == std::set<std::string>{k_name, "app:latest", "app:2"});
  CHECK(read_whole(*archive, ManifestName::tag(k_name)) == sample.document.digest);
  CHECK_FALSE(fs::exists(path));
  archive->finish();
  const auto images = ImageArchive::open(path)->oci();
  CHECK(tags_of(*images) == std::set<std::string>{k_name, "app:latest", "app:2"});
  CHECK(read_whole(*images, ManifestName::tag(k_name)) == sample.document.digest);
  CHECK(read_whole(*images, ManifestName::tag("app:2")) == other.document.digest);
  const auto index = open_archive(path);
  const auto layer = "blobs/sha256/" + std::string(Digest::of(other.layer).hex());
  CHECK(
      index.read("manifest.json") ==
      R"([{"Config":"blobs/sha256/)" + std::string(Digest::of(sample.config).hex()) +
          R"(","RepoTags":["host:5000/team/app:1.0","docker.io/library/app:latest"],"Layers":["blobs/sha256/)" +
          std::string(Digest::of(sample.layer).hex()) + R"("]},{"Config":"blobs/sha256/)" +
          std::string(Digest::of(other.config).hex()) +
          R"(","RepoTags":["docker.io/library/app:2"],"Layers":[")" + layer + R"("]}])");
  const auto layout = open_oci_archive(path);
  CHECK(layout->find_manifest(ManifestName::tag("docker.io/library/app:latest"))->digest ==
        sample.document.digest);
}

TEST_CASE_FIXTURE(Fixture,
                  "layers of zstd become gzip, and the archive tells no digest that is wrong") {
  const auto archive = start_docker_archive(path);
  const auto config_of = [](const std::string& diff) {
    return R"({"rootfs":{"diff_ids":[")" + Digest::of(diff).to_string() + R"("]}})";
  };
  const auto config = config_of(std::string(20, '\0'));
  const auto document = oci::make_document(
      R"({"schemaVersion":2,"config":)" + test::described(config, oci::k_oci_config) +
          R"(,"layers":[)" + test::described(k_zstd_zeros, oci::k_oci_layer_zstd) + "]}",
      oci::k_oci_manifest, {}, "it");
  archive->put_blob(test::upload_of(config));
  const auto put = archive->put_blob(test::upload_of(k_zstd_zeros));
  CHECK(put.digest == Digest::of(k_zstd_zeros));
  CHECK(put.size_bytes == k_zstd_zeros.size());
  CHECK(archive->find_blob(put.digest) == k_zstd_zeros.size());
  CHECK(archive->mount_blob({"", put.digest, k_zstd_zeros.size()}, ""));
  archive->put_manifest(document, k_name);
  archive->finish();
  const auto images = ImageArchive::open(path)->oci();
  const auto layer = manifest_of(*images, k_name).layers.at(0);
  CHECK(layer.media_type == oci::k_oci_layer_gzip);
  CHECK(layer.digest == Digest::of(gzipped(std::string(20, '\0'))));
  CHECK(text_of(*images, layer) == gzipped(std::string(20, '\0')));
  CHECK(failure([&] { open_oci_archive(path); }) == ErrorKind::not_found);
  CHECK(failure([&] {
          const auto other = start_docker_archive((folder / "other").string());
          other->put_blob({Digest::of("x"), k_zstd_zeros.size(),
                           [] { return make_text_source(k_zstd_zeros); }});
        }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "what engines would not load is refused before it is written") {
  const auto archive = start_docker_archive(path);
  sample.put(*archive, {});
  CHECK(failure([&] { archive->put_manifest(test::index_of({sample.document}), k_name); }) ==
        ErrorKind::usage);
  const Sample artifact("artifact", "{}", "application/spdx+json");
  CHECK(failure([&] { artifact.put(*archive, k_name); }) == ErrorKind::unsupported);
  const Sample lacking("lacking");
  archive->put_blob(test::upload_of(lacking.config));
  CHECK(failure([&] { archive->put_manifest(lacking.document, k_name); }) ==
        ErrorKind::unsupported);
  CHECK(failure([&] { sample.put(*archive, "Not a name"); }) == ErrorKind::usage);
  CHECK(failure([&] { sample.put(*archive, "app@" + sample.document.digest.to_string()); }) ==
        ErrorKind::usage);
}

TEST_CASE_FIXTURE(Fixture, "a name moves to the image that is put last, and can be removed") {
  const auto archive = start_docker_archive(path);
  const Sample other("b");
  sample.put(*archive, k_name);
  other.put(*archive, k_name);
  CHECK(archive->find_manifest(ManifestName::tag(k_name))->digest == other.document.digest);
  CHECK(archive->entries().size() == 2);
  archive->remove_manifest(other.document.digest);
  CHECK(failure([&] { archive->remove_tag(k_name); }) == ErrorKind::not_found);
  archive->finish();
  const auto index = open_archive(path);
  CHECK(index.read("manifest.json").find(R"("RepoTags":null)") != std::string::npos);
  const auto images = ImageArchive::open(path)->oci();
  REQUIRE(images->entries().size() == 1);
  CHECK(images->entries()[0].manifest.digest == sample.document.digest);
  CHECK(images->entries()[0].tag.empty());
}

TEST_SUITE_END();
