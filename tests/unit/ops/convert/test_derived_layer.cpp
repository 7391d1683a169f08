// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/derived_layer.hpp"
#include "ops/convert/layer_conversion.hpp"
#include "support/oci_sample.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/formats/v2_storage.hpp>

#include <doctest/doctest.h>

using namespace regctl;

namespace {

using Notes = std::set<std::string>;

std::string some_tar() {
  return make_tar_header({"file", 0, 0}) + make_tar_end();
}

std::string gzip(const std::string& text) {
  return read_text(*make_gzip_source(make_text_source(text)), 1'000'000, "gzip");
}

/// A layer of an OCI image in distribution's storage tree.
struct Fixture {
  std::string derive(const std::string& layer, const std::string& unpacked,
                     ops::PlainLayers plain_layers = ops::PlainLayers::gzip) {
    repository->put_blob(test::upload_of(layer));
    const oci::Descriptor blob{.media_type = std::string(oci::k_oci_layer),
                               .digest = oci::Digest::of(layer),
                               .size_bytes = layer.size()};
    const auto source =
        ops::open_derived_layer(*repository, blob, oci::Digest::of(unpacked).to_string(),
                                {plain_layers, [&](auto piece) { read_bytes += piece.size(); },
                                 [&](const Notes& told) { notes = told; }});
    return read_text(*source, 1'000'000, "a layer");
  }

  ErrorKind failure(const std::string& layer, const std::string& unpacked) {
    try {
      derive(layer, unpacked);
    } catch (const Error& error) {
      return error.kind();
    }
    FAIL("was accepted");
    return ErrorKind::interrupted;
  }

  test::TemporaryFolder folder;
  std::shared_ptr<V2Storage> storage =
      V2Storage::open((folder / "tree").string(), V2Storage::Missing::create);
  std::unique_ptr<OciRepository> repository = storage->repository("team/app");
  std::optional<Notes> notes;
  std::uint64_t read_bytes = 0;
};

} // namespace

TEST_SUITE_BEGIN("ops/convert/derived_layer");

TEST_CASE_FIXTURE(Fixture, "gzip stays as it is, without bytes behind its end") {
  const auto layer = gzip(some_tar());
  CHECK(derive(layer, some_tar()) == layer);
  CHECK(notes == Notes());
  CHECK(read_bytes == layer.size());
  CHECK(derive(layer + "behind", some_tar()) == layer);
  CHECK(notes == Notes{"trailing-bytes"});
}

TEST_CASE_FIXTURE(Fixture, "a plain tar becomes gzip unless it is to be kept") {
  CHECK(derive(some_tar(), some_tar()) == gzip(some_tar()));
  CHECK(derive(some_tar(), some_tar(), ops::PlainLayers::keep) == some_tar());
}

TEST_CASE_FIXTURE(Fixture, "a blob without bytes becomes an empty layer") {
  CHECK(derive("", "") == ops::empty_layer_gzip());
}

TEST_CASE_FIXTURE(Fixture,
                  "a layer that does not unpack to its diff ID, or to no tar, is damaged") {
  const auto layer = gzip(some_tar());
  const std::string text(2000, 'x');
  CHECK(failure(layer, "another") == ErrorKind::integrity);
  CHECK(failure(layer.substr(0, layer.size() / 2), some_tar()) == ErrorKind::integrity);
  CHECK(failure(gzip(text), text) == ErrorKind::integrity);
  CHECK_FALSE(notes);
}

TEST_CASE_FIXTURE(Fixture, "a blob that is not there is named") {
  const oci::Descriptor blob{.media_type = std::string(oci::k_oci_layer),
                             .digest = oci::Digest::of("gone"),
                             .size_bytes = 4};
  try {
    ops::open_derived_layer(*repository, blob, blob.digest.to_string(), {});
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message().find(blob.digest.short_hex()) != std::string::npos);
  }
}

TEST_SUITE_END();
