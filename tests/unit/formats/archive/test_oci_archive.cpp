// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/oci_sample.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/oci_archive.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

using namespace regctl;
using oci::Digest;
using oci::ManifestName;
using test::failure;
using test::read_whole;
using test::tags_of;
using test::text_of;
using test::upload_of;
using Sample = test::OciSample;

namespace {

namespace fs = std::filesystem;

const fs::path k_data = fs::path(REGCTL_TEST_DATA) / "layouts";

std::string file(const std::string& name, const std::string& data) {
  return make_tar_header({name, data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0');
}

std::string blob(const std::string& data) {
  return file("./blobs/sha256/" + std::string(Digest::of(data).hex()), data);
}

std::string index_json(const oci::Document& document) {
  auto descriptor = document.descriptor();
  descriptor.annotations["org.opencontainers.image.ref.name"] = "1";
  return R"({"manifests":[)" + descriptor.to_json().dump() + "]}";
}

struct Fixture {
  test::TemporaryFolder folder;
  std::string path = (folder / "image.tar").string();
  Sample sample{"a"};

  void write(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  std::string read() const { return read_file(path, 10'000'000); }

  /// The sample as an archive whose index.json comes first or last.
  std::string archive() const {
    return blob(sample.config) + blob(sample.document.bytes) + blob(sample.layer) +
           file("./index.json", index_json(sample.document)) + make_tar_end();
  }

  void check_sample() const {
    const auto images = open_oci_archive(path);
    CHECK(tags_of(*images) == std::set<std::string>{"1"});
    CHECK(read_whole(*images, ManifestName::tag("1")) == sample.document.digest);
  }
};

/// Puts standard output into a file while it lives.
class CapturedOutput {
public:
  explicit CapturedOutput(const fs::path& path)
      : saved_(::dup(STDOUT_FILENO)), file_(open_for_appending(path, Earlier::removed)) {
    ::dup2(file_.get(), STDOUT_FILENO);
  }
  ~CapturedOutput() { ::dup2(saved_.get(), STDOUT_FILENO); }

private:
  FileDescriptor saved_;
  FileDescriptor file_;
};

} // namespace

TEST_SUITE_BEGIN("formats/archive/oci_archive");

// --- reading ---

TEST_CASE("archives of skopeo and containerd are read whole") {
  const auto skopeo = open_oci_archive(k_data / "skopeo-oci-archive.tar");
  CHECK(tags_of(*skopeo) == std::set<std::string>{"1"});
  CHECK(read_whole(*skopeo, ManifestName::tag("1")).short_hex() == "fdd37ad66a02");

  const auto ctr = open_oci_archive(k_data / "oci-multiarch-ctr.tar");
  CHECK(tags_of(*ctr).size() == 4);
  CHECK(read_whole(*ctr, ManifestName::tag("nested")).short_hex() == "f51055bd4ddf");
  CHECK(read_whole(*ctr, ManifestName::tag("127.0.0.1:5601/team/multi:1")).short_hex() ==
        "b2672dcb1c12");
  CHECK(
      ctr->referrers(ctr->find_manifest(ManifestName::tag("1"))->digest, oci::ReferrersTag::unknown)
          .size() == 2);
  CHECK(failure([&] { ctr->remove_tag("1"); }) == ErrorKind::unsupported);
  CHECK(failure([&] { ctr->put_blob(upload_of("x")); }) == ErrorKind::unsupported);

  const auto both = open_oci_archive(k_data / "ctr-export.tar");
  CHECK(tags_of(*both) ==
        std::set<std::string>{"127.0.0.1:5700/app/podman:1", "127.0.0.1:5700/new/docker:1"});
  CHECK(failure([&] { both->find_manifest(ManifestName::tag("1")); }) == ErrorKind::usage);
}

TEST_CASE_FIXTURE(Fixture, "entries in any order and with any prefix, plain or compressed") {
  SUBCASE("index.json last") {
    write(archive());
  }
  SUBCASE("index.json first") {
    write(file("index.json", index_json(sample.document)) +
          archive().substr(0, archive().size() - 1024 -
                                  file("./index.json", index_json(sample.document)).size()) +
          make_tar_end());
  }
  SUBCASE("compressed") {
    write(read_text(*make_gzip_source(make_text_source(archive())), 1'000'000, "it"));
  }
  check_sample();
}

TEST_CASE_FIXTURE(Fixture, "an archive is read from a pipe") {
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] { write(archive()); });
  check_sample();
  writer.join();
}

TEST_CASE_FIXTURE(Fixture, "a cut archive and one without index.json are told apart") {
  const auto whole = archive();
  write(whole.substr(0, whole.size() - 1024 -
                            file("./index.json", index_json(sample.document)).size()));
  CHECK(failure([&] { open_oci_archive(path); }) == ErrorKind::protocol);
  write(file("index.json", index_json(sample.document)) + blob(sample.config));
  CHECK(failure([&] { open_oci_archive(path); }) == ErrorKind::protocol);
  write(blob(sample.config) + make_tar_end());
  CHECK(failure([&] { open_oci_archive(path); }) == ErrorKind::not_found);
  write(whole.substr(0, whole.size() - 1024)); // some writers leave the end mark out
  check_sample();
}

// --- writing ---

TEST_CASE_FIXTURE(Fixture, "an archive appears with finish() and is read whole") {
  const auto archive = start_oci_archive(path);
  const Sample other("b");
  sample.put(*archive, "1");
  other.put(*archive, {});
  archive->put_manifest(test::index_of({sample.document, other.document}), "multi");
  CHECK(tags_of(*archive) == std::set<std::string>{"1", "multi"});
  CHECK(read_whole(*archive, ManifestName::tag("multi")) ==
        archive->find_manifest(ManifestName::tag("multi"))->digest);
  CHECK(archive->find_blob(Digest::of(other.layer)) == other.layer.size());
  CHECK_FALSE(archive->find_blob(Digest::of("nothing")));
  CHECK_FALSE(archive->read_manifest(ManifestName::tag("2")));
  CHECK_FALSE(fs::exists(path));
  archive->finish();
  const auto images = open_oci_archive(path);
  CHECK(tags_of(*images) == std::set<std::string>{"1", "multi"});
  CHECK(images->entries().size() == 2);
  read_whole(*images, ManifestName::tag("multi"));
  CHECK(read_whole(*images, ManifestName::tag("1")) == sample.document.digest);
}

TEST_CASE_FIXTURE(Fixture, "the bytes depend on what is put and its order alone") {
  const auto write_once = [&] {
    const auto archive = start_oci_archive(path);
    sample.put(*archive, "1");
    sample.put(*archive, "1");
    archive->finish();
    return read();
  };
  const auto first = write_once();
  CHECK(first == write_once());
  CHECK(
      first ==
      file("blobs/sha256/" + std::string(Digest::of(sample.config).hex()), sample.config) +
          file("blobs/sha256/" + std::string(Digest::of(sample.layer).hex()), sample.layer) +
          file("blobs/sha256/" + std::string(sample.document.digest.hex()), sample.document.bytes) +
          first.substr(first.find("index.json")));
}

TEST_CASE_FIXTURE(Fixture, "blobs of unknown digest or size, and many at once") {
  const auto archive = start_oci_archive(path);
  const auto put = archive->put_blob({{}, {}, [] { return make_text_source("bytes"); }});
  CHECK(put.digest == Digest::of("bytes"));
  CHECK(failure([&] {
          archive->put_blob({Digest::of("right"), {}, [] { return make_text_source("wrong"); }});
        }) == ErrorKind::integrity);
  constexpr std::size_t k_blobs = 40;
  const auto text = [](std::size_t i) {
    return std::string(5000 * (i % 7), static_cast<char>('a' + i % 20));
  };
  run_parallel(4, k_blobs, [&](std::size_t i) { archive->put_blob(upload_of(text(i))); });
  sample.put(*archive, "1");
  archive->finish();
  const auto images = open_oci_archive(path);
  for (std::size_t i = 0; i < k_blobs; ++i) {
    CHECK(text_of(*images, {"", Digest::of(text(i)), text(i).size()}) == text(i));
  }
  check_sample();
}

TEST_CASE_FIXTURE(Fixture, "a blob that failed can be put again, and leaves a whole archive") {
  const auto archive = start_oci_archive(path);
  const std::string big(500'000, 'x');
  const auto cut = big.substr(0, 300'000);
  CHECK(failure([&] {
          archive->put_blob({Digest::of(big), big.size(), [&] { return make_text_source(cut); }});
        }) == ErrorKind::integrity);
  CHECK_FALSE(archive->find_blob(Digest::of(big)));
  CHECK(failure([&] {
          archive->put_blob({Digest::of(big), big.size(), []() -> std::unique_ptr<Source> {
                               throw Error(ErrorKind::unavailable, "cannot be opened");
                             }});
        }) == ErrorKind::unavailable);
  archive->put_blob(upload_of(big));
  sample.put(*archive, "1");
  archive->finish();
  check_sample();
  CHECK(text_of(*open_oci_archive(path), {"", Digest::of(big), big.size()}) == big);
}

TEST_CASE_FIXTURE(Fixture, "an archive on stdout is written in one pass") {
  {
    const CapturedOutput captured(path);
    const auto archive = start_oci_archive("-");
    run_parallel(4, 20, [&](std::size_t i) {
      archive->put_blob(upload_of(std::string(20'000, static_cast<char>('a' + i))));
    });
    sample.put(*archive, "1");
    CHECK(archive->find_manifest(ManifestName::tag("1"))->digest == sample.document.digest);
    CHECK(failure([&] { archive->read_manifest(ManifestName::tag("1")); }) ==
          ErrorKind::unsupported);
    archive->finish();
  }
  check_sample();
}

TEST_CASE_FIXTURE(Fixture, "what failed in the middle of stdout cannot be finished") {
  const CapturedOutput captured(path);
  const auto archive = start_oci_archive("-");
  CHECK(failure([&] {
          archive->put_blob({Digest::of("right"), 5, [] { return make_text_source("wrong"); }});
        }) == ErrorKind::integrity);
  CHECK(failure([&] { archive->put_blob(upload_of("other")); }) == ErrorKind::integrity);
  CHECK(failure([&] { archive->finish(); }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "names and manifests can be taken back before finish()") {
  const auto archive = start_oci_archive(path);
  sample.put(*archive, "1");
  sample.put(*archive, "2");
  archive->remove_tag("1");
  CHECK(failure([&] { archive->remove_tag("1"); }) == ErrorKind::not_found);
  CHECK(tags_of(*archive) == std::set<std::string>{"2"});
  archive->remove_manifest(sample.document.digest);
  CHECK(failure([&] { archive->remove_manifest(sample.document.digest); }) == ErrorKind::not_found);
  CHECK(archive->entries().empty());
}

TEST_SUITE_END();
