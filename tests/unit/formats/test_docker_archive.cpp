// SPDX-License-Identifier: Apache-2.0
#include "formats/archive_index.hpp"
#include "support/piecewise_source.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/docker_archive.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>
#include <thread>

using namespace regctl;
using test::TemporaryFolder;

namespace {

const std::string k_name = "host:5000/team/app:1.0";

std::string file(const std::string& name, const std::string& data) {
  return make_tar_header({name, data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0');
}

/// An image whose layer is a gzip tar of one file.
struct Sample {
  explicit Sample(char digit, const std::string& parent = "") : id(64, digit) {
    json = R"({"id":")" + id + R"(","created":"2015-01-01T00:00:00Z")" +
           (parent.empty() ? "" : R"(,"parent":")" + parent + "\"") + "}";
    layer = test::read_in_pieces(
        *make_gzip_source(make_text_source(file("f", std::string(1000, digit)) + make_tar_end())),
        4096);
  }
  std::string id;
  std::string json;
  std::string layer;
};

struct Fixture {
  Sample base{'a'};
  Sample top{'b', base.id};
  TemporaryFolder folder;

  V1PushPlan plan(bool sizes_known = true) const {
    V1PushPlan plan{{base.id, top.id}, {{k_name, top.id}}, {}};
    if (sizes_known) {
      plan.layer_sizes = {base.layer.size(), top.layer.size()};
    }
    return plan;
  }

  static V1Upload upload(const Sample& sample) {
    V1Upload upload;
    upload.image.id = sample.id;
    upload.image.json = sample.json;
    upload.image.layer_size_bytes = sample.layer.size();
    upload.layer = [&sample] { return make_text_source(sample.layer); };
    return upload;
  }

  std::string write(std::size_t jobs, bool sizes_known) {
    const auto path = (folder / "out.tar").string();
    const auto push = start_docker_archive(path, plan(sizes_known));
    const Sample* const samples[] = {&base, &top};
    run_parallel(jobs, 2, [&](std::size_t i) { push->put_image(upload(*samples[i])); });
    push->finish([](const auto&, const auto&, const auto&) {});
    return read_file(path, 1'000'000);
  }

  std::string save(const std::string& bytes) {
    const auto path = (folder / "in.tar").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
};

std::string layer_of(V1Repository& repository, const std::string& id) {
  return test::read_in_pieces(
      *repository.open_layer(*repository.find_image(id), LayerCheck::verify), 7);
}

void check_refused(const std::function<void()>& action, ErrorKind kind, const char* why) {
  CAPTURE(why);
  try {
    action();
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK(error.message().find(why) != std::string::npos);
  }
}

} // namespace

TEST_SUITE_BEGIN("formats/docker_archive");

TEST_CASE_FIXTURE(Fixture, "the bytes depend on the images alone") {
  const auto first = write(1, true);
  CHECK(write(2, true) == first);
  CHECK(write(1, false) == first);
  CHECK(write(2, false) == first);
}

TEST_CASE_FIXTURE(Fixture, "what was written gives back names, JSONs, layers and ancestry") {
  write(2, true);
  const auto archive = DockerArchive::open((folder / "out.tar").string());
  REQUIRE(archive->images().size() == 1);
  CHECK(archive->images()[0].names == std::vector<std::string>{k_name});
  CHECK(archive->images()[0].id == top.id);
  const auto repository = archive->repository();
  CHECK(repository->tags() == V1Tags{{k_name, top.id}});
  CHECK(repository->ancestry(top.id) == std::vector<std::string>{top.id, base.id});
  for (const auto* sample : {&base, &top}) {
    CHECK(repository->find_image(sample->id)->json == sample->json);
    CHECK(layer_of(*repository, sample->id) == sample->layer);
  }
  CHECK_FALSE(repository->find_image(std::string(64, 'f')));
}

TEST_CASE_FIXTURE(Fixture, "an archive comes as a file, through a stream, and compressed") {
  const auto plain = write(1, true);
  const auto packed = test::read_in_pieces(*make_gzip_source(make_text_source(plain)), 4096);
  for (const auto& bytes : {plain, packed}) {
    CHECK(layer_of(*DockerArchive::open(save(bytes))->repository(), top.id) == top.layer);
    CHECK(layer_of(*DockerArchive::read(make_text_source(bytes), "x")->repository(), top.id) ==
          top.layer);
  }
}

TEST_CASE_FIXTURE(Fixture, "a layer that is not what its config says is told at its end") {
  auto bytes = write(1, true);
  const auto at = bytes.find(top.layer);
  REQUIRE(at != std::string::npos);
  bytes[at + top.layer.size() - 5] ^= 1;
  const auto repository = DockerArchive::open(save(bytes))->repository();
  check_refused([&] { layer_of(*repository, top.id); }, ErrorKind::integrity, "damaged");
  CHECK(layer_of(*repository, base.id) == base.layer);
}

TEST_CASE_FIXTURE(Fixture, "nothing has the name before finish, and nothing is left without it") {
  const auto path = folder / "out.tar";
  {
    const auto push = start_docker_archive(path.string(), plan());
    push->put_image(upload(base));
    CHECK_FALSE(std::filesystem::exists(path));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE_FIXTURE(Fixture, "a layer of another size than planned is refused") {
  auto wrong = plan();
  wrong.layer_sizes[0] = base.layer.size() - 1;
  const auto push = start_docker_archive((folder / "out.tar").string(), wrong);
  check_refused([&] { push->put_image(upload(base)); }, ErrorKind::integrity,
                "more than the promised");
}

TEST_CASE_FIXTURE(Fixture, "who waits for a place is woken when the push is abandoned") {
  const auto push = start_docker_archive((folder / "out.tar").string(), plan(false));
  std::jthread waiter(
      [&] { CHECK_THROWS_WITH_AS(push->put_image(upload(top)), "the first failed", Error); });
  push->abandon(std::make_exception_ptr(Error(ErrorKind::unavailable, "the first failed")));
}

TEST_CASE_FIXTURE(Fixture, "a layer of no bytes becomes an empty tar") {
  base.layer.clear();
  write(1, true);
  const auto repository = DockerArchive::open((folder / "out.tar").string())->repository();
  CHECK(layer_of(*repository, base.id) == make_tar_end());
}

TEST_CASE_FIXTURE(Fixture, "images whose parts are missing are named") {
  const auto repositories = file("repositories", R"({"a":{"b":")" + top.id + R"("}})");
  const auto top_files = file(top.id + "/json", top.json) + file(top.id + "/layer.tar", top.layer);
  const auto base_json = file(base.id + "/json", base.json);
  struct Row {
    std::string bytes;
    const char* why;
  };
  const Row rows[] = {
      {repositories, "image bbbbbbbbbbbb is not in the archive"},
      {repositories + top_files, "image aaaaaaaaaaaa, the parent of bbbbbbbbbbbb, is not"},
      {repositories + top_files + base_json, "image aaaaaaaaaaaa has no layer.tar"},
      {file("repositories", "[]"), "repositories is not an object"},
      {file("repositories", R"({"a":{"b":7}})"), "repositories.a.b is not an image ID"},
      {file("manifest.json", "{}"), "manifest.json is not a list"},
      {file("manifest.json", "[{}]"), "manifest.json[0].Config is missing"},
      {file("manifest.json", R"([{"Config":"c","Layers":[]}])"), "has no \"c\""},
      {file("x", ""), "holds no image"},
      {file(top.id + "/json", base.json) + repositories, "holds the JSON of image aaaa"},
  };
  for (const auto& row : rows) {
    const auto path = save(row.bytes + make_tar_end());
    check_refused([&] { DockerArchive::open(path); }, ErrorKind::protocol, row.why);
  }
}

TEST_CASE_FIXTURE(Fixture, "names begin with ./ or not, and layers may be links") {
  const auto bytes = file("./" + base.id + "/json", base.json) +
                     file("./" + base.id + "/layer.tar", base.layer) +
                     file("./repositories", R"({"a":{"b":")" + base.id + R"("}})") + make_tar_end();
  CHECK(layer_of(*DockerArchive::open(save(bytes))->repository(), base.id) == base.layer);
}

TEST_CASE_FIXTURE(Fixture, "zeros take no room in what is kept of an archive that is read once") {
  const std::string zeros(16 * 1024 * 1024, '\0');
  const auto bytes =
      file("zeros", zeros) + file("some", "some" + zeros.substr(0, 1000)) + make_tar_end();
  const auto spool = std::make_shared<FileDescriptor>(make_temporary_file());
  std::uint64_t kept_bytes = 0;
  const ArchiveIndex index(*make_text_source(bytes), spool, "x",
                           [&](std::uint64_t kept) { kept_bytes = kept; });
  CHECK(kept_bytes < zeros.size() / 4);
  struct stat status = {};
  REQUIRE(::fstat(spool->get(), &status) == 0);
  CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 < zeros.size() / 4);
  CHECK(drain(*index.open(*index.find("zeros"), "zeros")) == zeros.size());
  CHECK(index.read("some") == "some" + zeros.substr(0, 1000));
}

TEST_CASE_FIXTURE(Fixture, "what follows a tar that is read once is left alone") {
  auto stream = make_text_source(file("a", "b") + make_tar_end() +
                                 std::string(3 * ArchiveIndex::k_padding_limit_bytes, 'x'));
  const ArchiveIndex index(*stream, std::make_shared<FileDescriptor>(make_temporary_file()), "x",
                           [](std::uint64_t) {});
  CHECK(index.read("a") == "b");
  CHECK(drain(*stream) > ArchiveIndex::k_padding_limit_bytes);
}

TEST_CASE_FIXTURE(Fixture, "an archive that is read cannot be written") {
  write(1, true);
  const auto repository = DockerArchive::open((folder / "out.tar").string())->repository();
  check_refused([&] { repository->put_tag("a", top.id); }, ErrorKind::unsupported,
                "cannot be changed");
}

TEST_SUITE_END();
