// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/index.hpp"
#include "support/piecewise_source.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/docker_archive.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
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

std::string link(const std::string& name, const std::string& target) {
  auto header = make_tar_header({name, 0, 0});
  header[156] = '2';
  target.copy(header.data() + 157, target.size());
  std::fill_n(header.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (const char byte : header) {
    sum += static_cast<unsigned char>(byte);
  }
  for (int digit = 5; digit >= 0; --digit, sum /= 8) {
    header[148 + static_cast<std::size_t>(digit)] = static_cast<char>('0' + sum % 8);
  }
  header[154] = '\0';
  return header;
}

/// A v1 folder of the image.
std::string folder_of(const Sample& sample, const std::string& name) {
  return file(name + "/VERSION", "1.0") + file(name + "/json", sample.json) +
         file(name + "/layer.tar", sample.layer);
}

std::string descriptor(const std::string& data, const std::string& more = "") {
  return R"({"digest":"sha256:)" + sha256_hex(data) + "\"" + more + "}";
}

std::string blob(const std::string& data) {
  return file("blobs/sha256/" + sha256_hex(data), data);
}

/// An image of an OCI layout whose layer is plain.
struct OciSample {
  explicit OciSample(const std::string& architecture = "amd64")
      : layer(file("f", architecture) + make_tar_end()),
        config(R"({"os":"linux","architecture":")" + architecture +
               R"(","rootfs":{"diff_ids":["sha256:)" + sha256_hex(layer) + R"("]}})"),
        manifest(R"({"config":)" + descriptor(config) + R"(,"layers":[)" + descriptor(layer) +
                 "]}") {}

  std::string blobs() const { return blob(layer) + blob(config) + blob(manifest); }

  std::string layer;
  std::string config;
  std::string manifest;
};

std::string annotated(const OciSample& image, const std::string& annotations) {
  return descriptor(image.manifest, R"(,"annotations":{)" + annotations + "}");
}

std::string index_of(const std::string& descriptors) {
  return file("index.json", R"({"manifests":[)" + descriptors + "]}");
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

TEST_SUITE_BEGIN("formats/archive/docker_archive");

TEST_CASE_FIXTURE(Fixture, "the bytes depend on the images alone") {
  const auto first = write(1, true);
  CHECK(write(2, true) == first);
  CHECK(write(1, false) == first);
  CHECK(write(2, false) == first);
}

TEST_CASE_FIXTURE(Fixture,
                  "an archive that was written gives back names, JSONs, layers and ancestry") {
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

TEST_CASE_FIXTURE(Fixture, "an archive is read as a file, from a stream, and compressed") {
  const auto plain = write(1, true);
  const auto packed = test::read_in_pieces(*make_gzip_source(make_text_source(plain)), 4096);
  for (const auto& bytes : {plain, packed}) {
    CHECK(layer_of(*DockerArchive::open(save(bytes))->repository(), top.id) == top.layer);
    CHECK(layer_of(*DockerArchive::read(make_text_source(bytes), "x")->repository(), top.id) ==
          top.layer);
  }
}

TEST_CASE_FIXTURE(Fixture, "a layer that differs from its config is an error at its end") {
  auto bytes = write(1, true);
  const auto at = bytes.find(top.layer);
  REQUIRE(at != std::string::npos);
  bytes[at + top.layer.size() - 5] ^= 1;
  const auto repository = DockerArchive::open(save(bytes))->repository();
  check_refused([&] { layer_of(*repository, top.id); }, ErrorKind::integrity, "damaged");
  CHECK(layer_of(*repository, base.id) == base.layer);
}

TEST_CASE_FIXTURE(Fixture,
                  "an archive has no name before finish(), and leaves nothing without it") {
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

TEST_CASE_FIXTURE(Fixture,
                  "a thread that waits for its place is woken when the push is abandoned") {
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
  // What a destination may have is told by who asks for it.
  const Row missing[] = {
      {repositories + top_files, "image aaaaaaaaaaaa, the parent of bbbbbbbbbbbb, is not"},
      {repositories + top_files + base_json, "image aaaaaaaaaaaa has no layer.tar"},
  };
  for (const auto& row : missing) {
    const auto repository = DockerArchive::open(save(row.bytes + make_tar_end()))->repository();
    CHECK(repository->find_image(top.id));
    CHECK(repository->look_up(base.id).state == V1ImageState::absent);
    CHECK_FALSE(repository->ancestry(top.id));
    check_refused([&] { repository->find_image(base.id); }, ErrorKind::protocol, row.why);
  }
}

TEST_CASE_FIXTURE(Fixture, "an archive without an end mark was cut if something is missing") {
  const auto repositories = file("repositories", R"({"a":{"b":")" + top.id + R"("}})");
  const auto base_files =
      file(base.id + "/json", base.json) + file(base.id + "/layer.tar", base.layer);
  const auto top_files = file(top.id + "/json", top.json) + file(top.id + "/layer.tar", top.layer);
  for (const auto& cut : {repositories + top_files, base_files + top_files, base_files}) {
    check_refused([&] { DockerArchive::open(save(cut)); }, ErrorKind::protocol, "it was cut");
  }
  CHECK(DockerArchive::open(save(repositories + top_files + base_files))->images().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a folder is the image that its JSON says, whatever its name") {
  for (const auto* name : {"busybox:latest", "bbbbbbbbbbbb", "app"}) {
    CAPTURE(name);
    const auto archive =
        DockerArchive::open(save(folder_of(top, name) + folder_of(base, base.id) + make_tar_end()));
    REQUIRE(archive->images().size() == 1);
    CHECK(archive->images()[0].id == top.id);
    const auto repository = archive->repository();
    CHECK(repository->ancestry(top.id) == std::vector<std::string>{top.id, base.id});
    CHECK(layer_of(*repository, top.id) == top.layer);
  }
}

TEST_CASE_FIXTURE(Fixture, "a folder that cannot be placed is named, and nothing is guessed") {
  const auto sound = folder_of(base, base.id);
  struct Row {
    std::string bytes;
    const char* why;
  };
  const Row rows[] = {
      {file("app:1/json", "{}") + file("app:1/layer.tar", ""),
       "the folder \"app:1\" is that of no"},
      {file("app:1/json", "") + file("app:1/VERSION", "1.0"), "the folder \"app:1\" is that of no"},
      {file("app:1/layer.tar", ""), "the folder \"app:1\" has a layer but no json"},
      {file(top.id + "/json", base.json), "holds the JSON of image aaaa"},
      {folder_of(base, "app:1"), "the folders \""
                                 "aaaa"},
  };
  for (const auto& row : rows) {
    const auto path = save(sound + row.bytes + make_tar_end());
    check_refused([&] { DockerArchive::open(path); }, ErrorKind::protocol, row.why);
  }
  const auto named = file("repositories", R"({"a":{"b":")" + base.id + R"("}})");
  const auto archive =
      DockerArchive::open(save(sound + folder_of(Sample('c'), std::string(64, 'c')) +
                               rows[0].bytes + named + make_tar_end()));
  CHECK(archive->repository()->tags() == V1Tags{{"a:b", base.id}});
  REQUIRE(archive->notes().size() == 2);
  CHECK(archive->notes()[0].find("\"app:1\"") != std::string::npos);
  CHECK(archive->notes()[1].find("image cccccccccccc has no name") != std::string::npos);
}

TEST_CASE_FIXTURE(
    Fixture,
    "a link whose target lies elsewhere is resolved by file name, or refused with both names") {
  const auto with = [&](const std::string& files) {
    return save(file(base.id + "/json", base.json) + link(base.id + "/layer.tar", ".b145b8f1.tar") +
                files + make_tar_end());
  };
  for (const auto* name : {".b145b8f1.tar", "layers/.b145b8f1.tar"}) {
    CHECK(layer_of(*DockerArchive::open(with(file(name, base.layer)))->repository(), base.id) ==
          base.layer);
  }
  for (const auto& files :
       {std::string(), file("a/.b145b8f1.tar", "") + file("b/.b145b8f1.tar", ""),
        link("x/.b145b8f1.tar", "y/.b145b8f1.tar")}) {
    check_refused([&] { DockerArchive::open(with(files)); }, ErrorKind::protocol,
                  "/.b145b8f1.tar\", which is not in the archive");
  }
}

TEST_CASE_FIXTURE(Fixture, "names stand in annotations too, whole or as a tag alone") {
  const OciSample image;
  const auto names_in = [&](const std::string& annotations) {
    const auto archive = DockerArchive::open(
        save(image.blobs() + index_of(annotated(image, annotations)) + make_tar_end()));
    REQUIRE(archive->images().size() == 1);
    auto names = archive->images()[0].names;
    for (const auto& tag : archive->images()[0].tags) {
      names.push_back(":" + tag);
    }
    names.push_back(std::to_string(archive->notes().size()) + " notes");
    return names;
  };
  using Names = std::vector<std::string>;
  const std::string ref = R"("org.opencontainers.image.ref.name":)";
  const std::string full = R"("io.containerd.image.name":)";
  CHECK(names_in(ref + R"("h.example:5000/team/app:1.2")") ==
        Names{"h.example:5000/team/app:1.2", "0 notes"});
  CHECK(names_in(ref + R"("app:1.2")") == Names{"app:1.2", "0 notes"});
  CHECK(names_in(ref + R"("1.2")") == Names{":1.2", "0 notes"});
  CHECK(names_in(full + R"("docker.io/library/app:1.2",)" + ref + R"("1.2")") ==
        Names{"app:1.2", "0 notes"});
  CHECK(names_in(full + R"("a:1",)" + ref + R"("b:2")") == Names{"a:1", "b:2", "0 notes"});
  CHECK(names_in(ref + R"("")") == Names{"0 notes"});
  CHECK(names_in(ref + R"("A B/:")") == Names{"1 notes"});
  const auto tagged = DockerArchive::open(
      save(image.blobs() + index_of(annotated(image, ref + R"("1.2")")) + make_tar_end()));
  CHECK(tagged->repository()->tags().begin()->first == ":1.2");
  // Where manifest.json has no names, index.json may.
  const auto manifest =
      file("manifest.json", R"([{"Config":"blobs/sha256/)" + sha256_hex(image.config) +
                                R"(","RepoTags":null,"Layers":["blobs/sha256/)" +
                                sha256_hex(image.layer) + R"("]}])");
  const auto both = DockerArchive::open(save(
      image.blobs() + index_of(annotated(image, ref + R"("app:3")")) + manifest + make_tar_end()));
  CHECK(both->images()[0].names == Names{"app:3"});
  const auto twice = DockerArchive::open(save(
      image.blobs() +
      index_of(annotated(image, ref + R"("app:3")") + "," + annotated(image, ref + R"("b:4")")) +
      manifest + make_tar_end()));
  CHECK(twice->images()[0].names == Names{"app:3", "b:4"});
}

TEST_CASE_FIXTURE(Fixture,
                  "of several platforms linux/amd64 is taken, and a note names the others") {
  const OciSample amd64;
  const OciSample arm64("arm64");
  const OciSample s390x("s390x");
  const auto open = [&](const std::string& children) {
    const auto index = R"({"manifests":[)" + children + "]}";
    return DockerArchive::open(
        save(amd64.blobs() + arm64.blobs() + s390x.blobs() + blob(index) +
             index_of(descriptor(
                 index, R"(,"annotations":{"org.opencontainers.image.ref.name":"app:1"})")) +
             make_tar_end()));
  };
  const auto a = descriptor(amd64.manifest);
  const auto b = descriptor(arm64.manifest, R"(,"platform":{"os":"linux","architecture":"arm64"})");
  const auto attestation = descriptor(
      s390x.manifest, R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest"})");
  const auto absent = descriptor("elsewhere");
  const auto taken = open(b + "," + a + "," + attestation + "," + absent);
  REQUIRE(taken->images().size() == 1);
  CHECK(taken->images()[0].names == std::vector<std::string>{"app:1"});
  CHECK(layer_of(*taken->repository(), taken->images()[0].id) == amd64.layer);
  REQUIRE(taken->notes().size() == 1);
  CHECK(taken->notes()[0].find("linux/arm64") != std::string::npos);
  CHECK(open(b + "," + absent)->notes().empty());
  check_refused([&] { open(b + "," + descriptor(s390x.manifest)); }, ErrorKind::protocol,
                "(linux/arm64, linux/s390x), but not for linux/amd64");
}

TEST_CASE_FIXTURE(Fixture, "manifests that an index names and the archive lacks are noted") {
  const OciSample image;
  const auto gone = descriptor("elsewhere");
  const auto archive = DockerArchive::open(
      save(image.blobs() + index_of(descriptor(image.manifest) + "," + gone) + make_tar_end()));
  CHECK(archive->images().size() == 1);
  CHECK(archive->notes().size() == 1);
  check_refused([&] { DockerArchive::open(save(index_of(gone) + make_tar_end())); },
                ErrorKind::protocol, "is not in the archive");
  const auto bare = save(blob(image.config) + blob(image.manifest) +
                         index_of(descriptor(image.manifest)) + make_tar_end());
  const auto repository = DockerArchive::open(bare)->repository();
  check_refused([&] { repository->find_image(*repository->tags().begin()->second); },
                ErrorKind::protocol, "is not in the archive");
}

TEST_CASE_FIXTURE(Fixture, "JSON that only Go and Python read is kept unchanged") {
  top.json.insert(1, R"("comment":"\ud83d",)");
  write(1, true);
  const auto archive = DockerArchive::open((folder / "out.tar").string());
  CHECK(archive->images()[0].id == top.id);
  CHECK(archive->repository()->find_image(top.id)->json == top.json);
}

TEST_CASE_FIXTURE(Fixture, "one name of two images is refused") {
  const OciSample a;
  const OciSample b("arm64");
  const auto name = R"("io.containerd.image.name":"app:1")";
  check_refused(
      [&] {
        DockerArchive::open(
            save(a.blobs() + b.blobs() +
                 index_of(annotated(a, name) + "," +
                          annotated(b, R"("org.opencontainers.image.ref.name":"app:1")")) +
                 make_tar_end()));
      },
      ErrorKind::protocol, "are named \"app:1\"");
}

TEST_CASE_FIXTURE(Fixture, "names begin with ./ or not, and layers may be links") {
  const auto bytes = file("./" + base.id + "/json", base.json) +
                     file("./" + base.id + "/layer.tar", base.layer) +
                     file("./repositories", R"({"a":{"b":")" + base.id + R"("}})") + make_tar_end();
  CHECK(layer_of(*DockerArchive::open(save(bytes))->repository(), base.id) == base.layer);
}

TEST_CASE_FIXTURE(Fixture, "zeros take no room in the copy of an archive that is read once") {
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

TEST_CASE_FIXTURE(Fixture, "data after the end of a tar that is read once are not read") {
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
