// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/layer_conversion.hpp"
#include "support/notes.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/digest.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

using namespace regctl;
using namespace std::chrono_literals;

namespace {

using Notes = std::set<std::string>;

const std::string k_id(64, 'a');

std::string some_tar() {
  const std::string data(700, 'x');
  return make_tar_header({"file", data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0') + make_tar_end();
}

std::string gzip(const std::string& text) {
  return read_text(*make_gzip_source(make_text_source(text)), 1'000'000, "gzip");
}

std::string digest_of(const std::string& bytes) {
  return to_digest(sha256_hex(bytes));
}

/// Opens the layers of one repository first, and of another one afterwards.
class ChangingRepository final : public ReadOnlyV1Repository {
public:
  ChangingRepository(V1Repository& first, V1Repository& later) : first_(first), later_(later) {}

  [[nodiscard]] std::string describe() const override { return later_.describe(); }
  V1Tags tags() override { return later_.tags(); }
  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    return later_.ancestry(id);
  }
  std::optional<V1Image> find_image(const std::string& id) override {
    return later_.find_image(id);
  }
  V1Answer look_up(const std::string& id) override { return later_.look_up(id); }
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    return (opened++ == 0 ? first_ : later_).open_layer(image, check);
  }

  int opened = 0;

private:
  V1Repository& first_;
  V1Repository& later_;
};

/// The layers of another repository, of which the disk gives the first bytes alone.
class FailingRepository final : public ReadOnlyV1Repository {
public:
  explicit FailingRepository(V1Repository& repository) : repository_(repository) {}

  [[nodiscard]] std::string describe() const override { return repository_.describe(); }
  V1Tags tags() override { return repository_.tags(); }
  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    return repository_.ancestry(id);
  }
  std::optional<V1Image> find_image(const std::string& id) override {
    return repository_.find_image(id);
  }
  V1Answer look_up(const std::string& id) override { return repository_.look_up(id); }
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    return std::make_unique<FailingLayer>(repository_.open_layer(image, check));
  }

private:
  class FailingLayer final : public LayerSource {
  public:
    explicit FailingLayer(std::unique_ptr<LayerSource> layer) : layer_(std::move(layer)) {}

    std::size_t read(std::span<std::byte> out) override {
      if (passed_ > 100) {
        throw Error(ErrorKind::local_io, "cannot read it");
      }
      const auto n = layer_->read(out.first(std::min<std::size_t>(out.size(), 50)));
      passed_ += n;
      return n;
    }

    [[nodiscard]] const std::string& original_json() const override {
      return layer_->original_json();
    }

  private:
    std::unique_ptr<LayerSource> layer_;
    std::size_t passed_ = 0;
  };

  V1Repository& repository_;
};

/// One image in a storage tree of v1, on its way to one of distribution.
struct Fixture {
  void put(const std::string& layer, const std::string& told_layer) {
    const auto writer = from->write_image(k_id, 0ms);
    const auto json = R"({"id":")" + k_id + "\"}";
    REQUIRE(writer->put_json(json) == V1Storage::ImageWriter::JsonOutcome::stored);
    const auto stored = writer->start_layer();
    stored->write(as_bytes(layer));
    stored->commit();
    writer->complete();
    writer->put_checksums({digest_of(payload_prefix(json) + told_layer)});
  }

  ops::LayerConversion convert(const std::string& layer, ops::OciForm form = ops::OciForm::oci) {
    return convert(layer, layer, form);
  }

  ops::LayerConversion convert(const std::string& layer, const std::string& told_layer,
                               ops::OciForm form = ops::OciForm::oci) {
    put(layer, told_layer);
    return convert(*source, form);
  }

  ops::LayerConversion convert(V1Repository& repository, ops::OciForm form = ops::OciForm::oci) {
    ops::ConvertRoute route{session, repository, *destination, "team/app", places};
    route.form = form;
    return ops::convert_layer(route, repository.find_image(k_id).value(),
                              [](const std::string&) {});
  }

  std::string stored(const ops::LayerConversion& converted) {
    return read_text(*destination->open_blob(converted.layer.blob.value()), 1'000'000, "a blob");
  }

  test::TemporaryFolder folder;
  std::shared_ptr<V1Storage> from =
      V1Storage::open((folder / "from").string(), V1Storage::Missing::create);
  std::shared_ptr<V2Storage> to =
      V2Storage::open((folder / "to").string(), V2Storage::Missing::create);
  std::unique_ptr<V1Repository> source = from->repository("team/app");
  std::unique_ptr<OciRepository> destination = to->repository("team/app");
  test::Notes notes;
  ops::Session session{{}, notes};
  ops::BlobPlaces places;
};

} // namespace

TEST_SUITE_BEGIN("ops/convert/layer_conversion");

TEST_CASE_FIXTURE(Fixture, "gzip is kept byte for byte in both forms") {
  const auto layer = gzip(some_tar());
  for (const auto form : {ops::OciForm::oci, ops::OciForm::docker}) {
    from = V1Storage::open((folder / ("from" + std::to_string(static_cast<int>(form)))).string(),
                           V1Storage::Missing::create);
    source = from->repository("team/app");
    const auto converted = convert(layer, form);
    CHECK(converted.layer.blob.value().digest.to_string() == digest_of(layer));
    CHECK(converted.layer.blob->size_bytes == layer.size());
    CHECK(converted.layer.blob->media_type ==
          (form == ops::OciForm::oci ? oci::k_oci_layer_gzip : oci::k_docker_layer));
    CHECK(converted.layer.diff_id == digest_of(some_tar()));
    CHECK(converted.layer.notes == Notes());
    CHECK_FALSE(converted.is_packed_here);
    CHECK(stored(converted) == layer);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "a layer that its disk does not give is told from one that cannot be written") {
  put(some_tar(), some_tar());
  FailingRepository failing(*source);
  using Told = std::vector<std::pair<std::string, ErrorKind>>;
  Told told;
  const auto kind_of = [&](V1Repository& repository) -> std::optional<ErrorKind> {
    ops::ConvertRoute route{session, repository, *destination, "team/app", places};
    route.takes_first_attempt = true;
    route.on_bad_layer = [&](const auto& id, ErrorKind why) { told.emplace_back(id, why); };
    try {
      ops::convert_layer(route, repository.find_image(k_id).value(), {});
    } catch (const Error& error) {
      return error.kind();
    }
    return std::nullopt;
  };
  CHECK(kind_of(failing) == ErrorKind::local_io);
  CHECK(told == Told{{k_id, ErrorKind::local_io}});
  std::filesystem::remove_all(folder / "to" / "docker");
  std::ofstream(folder / "to" / "docker") << "no folder";
  CHECK(kind_of(*source) == ErrorKind::local_io);
  CHECK(told.size() == 1);
  put("no tar", "no tar");
  CHECK(kind_of(*source) == ErrorKind::integrity);
  CHECK(told.back() == Told::value_type{k_id, ErrorKind::integrity});
}

TEST_CASE_FIXTURE(Fixture, "a plain tar stays one in OCI's form") {
  const auto converted = convert(some_tar());
  CHECK(converted.layer.blob.value().media_type == oci::k_oci_layer);
  CHECK(stored(converted) == some_tar());
  CHECK_FALSE(converted.is_packed_here);
}

TEST_CASE_FIXTURE(Fixture, "a plain tar becomes gzip in Docker's form") {
  const auto converted = convert(some_tar(), ops::OciForm::docker);
  CHECK(converted.layer.blob.value().media_type == oci::k_docker_layer);
  CHECK(stored(converted) == gzip(some_tar()));
  CHECK(converted.layer.diff_id == digest_of(some_tar()));
  CHECK(converted.is_packed_here);
}

TEST_CASE_FIXTURE(Fixture, "bytes behind the end of gzip are left out") {
  const auto converted = convert(gzip(some_tar()) + "behind");
  CHECK(stored(converted) == gzip(some_tar()));
  CHECK(converted.layer.notes == Notes{"trailing-bytes"});
}

TEST_CASE_FIXTURE(Fixture, "a layer of zeros becomes no blob") {
  const auto converted = convert(gzip(std::string(10240, '\0')));
  CHECK_FALSE(converted.layer.blob);
  CHECK(converted.layer.diff_id == digest_of(std::string(10240, '\0')));
}

TEST_CASE_FIXTURE(Fixture, "a damaged layer is read twice, and no blob appears") {
  const auto sound = gzip(some_tar());
  struct Row {
    std::string name;
    std::string layer;
    std::string told_layer;
  };
  const auto text = std::string(2000, 'x');
  const Row rows[] = {
      {"another sum", gzip(some_tar() + std::string(512, '\0')), sound},
      {"cut", sound.substr(0, sound.size() / 2), sound.substr(0, sound.size() / 2)},
      {"no tar", text, text},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    from = V1Storage::open((folder / row.name).string(), V1Storage::Missing::create);
    source = from->repository("team/app");
    notes.text.clear();
    try {
      convert(row.layer, row.told_layer);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::integrity);
    }
    CHECK(notes.text == "the layer of image aaaaaaaaaaaa is not what was promised; moving it once "
                        "more\n");
    CHECK_FALSE(destination->find_blob(oci::Digest::of(row.layer)));
  }
}

TEST_CASE_FIXTURE(Fixture, "a layer that was damaged on its way is opened twice") {
  const auto sound = gzip(some_tar());
  put(sound, sound);
  from = V1Storage::open((folder / "damaged").string(), V1Storage::Missing::create);
  const auto damaged = from->repository("team/app");
  put(gzip(some_tar() + std::string(512, '\0')), sound);
  ChangingRepository changing(*damaged, *source);
  const auto converted = convert(changing);
  CHECK(stored(converted) == sound);
  CHECK(changing.opened == 2);

  ChangingRepository damaged_for_good(*damaged, *damaged);
  CHECK_THROWS_AS(convert(damaged_for_good), Error);
  CHECK(damaged_for_good.opened == 2);
}

TEST_SUITE_END();
