// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using test::PiecewiseSource;
using test::read_in_pieces;

namespace {

const std::string k_bytes = "the bytes of a layer";

std::string sum(const std::string& json) {
  return "sha256:" + sha256_hex(payload_prefix(json) + k_bytes);
}

V1Image image(std::vector<std::string> checksums, std::vector<std::string> candidates = {}) {
  return {std::string(64, 'a'), "{}", k_bytes.size(), std::move(checksums), std::move(candidates)};
}

std::unique_ptr<LayerSource> open(const V1Image& image, LayerCheck check, std::size_t piece) {
  return make_layer_source(std::make_unique<PiecewiseSource>(k_bytes, piece), image, check,
                           {"layer of image aaaa", "host:5000"}, [](const std::string&) {});
}

} // namespace

TEST_SUITE_BEGIN("model/v1/layer");

TEST_CASE("a layer ends only if one of its payload checksums is right") {
  for (const auto piece : test::k_pieces) {
    CAPTURE(piece);
    const auto good = open(image({"sha256:0", sum("{}")}), LayerCheck::verify, piece);
    CHECK(read_in_pieces(*good, piece) == k_bytes);
    const auto bad = open(image({sum("[]")}), LayerCheck::verify, piece);
    for (int again = 0; again < 2; ++again) {
      try {
        read_in_pieces(*bad, piece);
        FAIL("ended");
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::integrity);
        CHECK(error.message() == "layer of image aaaa has checksum " + sum("{}").substr(7, 12) +
                                     ", not " + sum("[]").substr(7, 12));
        CHECK(error.hint() ==
              "regctl audit host:5000 --deep finds more; copy --no-verify rescues it");
      }
    }
  }
}

TEST_CASE("a layer is not checked without a payload checksum or with LayerCheck::none") {
  for (const auto& unknown : {image({}), image({"tarsum+sha256:00"})}) {
    CHECK(read_in_pieces(*open(unknown, LayerCheck::none, 7), 7) == k_bytes);
  }
  CHECK(read_in_pieces(*open(image({sum("[]")}), LayerCheck::none, 7), 7) == k_bytes);
}

TEST_CASE("with LayerCheck::sums it is left to the reader whether a layer can be unpacked") {
  const auto packed = read_text(*make_gzip_source(make_text_source(make_tar_end())), 1000, "gzip");
  const auto sum_of_none = tarsum("{}", make_text_source(make_tar_end()));
  for (const auto& layer : {std::string(), std::string(100, '\0'), packed + "tail"}) {
    CAPTURE(layer.size());
    for (const auto& sums : {std::vector<std::string>(), {sum_of_none}}) {
      const auto open = [&](LayerCheck check) {
        return make_layer_source(make_text_source(layer), image(sums), check, {"layer", "store"},
                                 [](const std::string&) {});
      };
      CHECK(read_in_pieces(*open(LayerCheck::sums), 7) == layer);
      CHECK_THROWS_AS(read_in_pieces(*open(LayerCheck::verify), 7), Error);
    }
  }
  const auto tar = make_tar_header({"file", 0, 0}) + make_tar_end();
  const auto other = make_layer_source(make_text_source(tar), image({sum_of_none}),
                                       LayerCheck::sums, {"layer", "store"}, {});
  CHECK_THROWS_WITH_AS(read_in_pieces(*other, 7), doctest::Contains("instead of tarsum"), Error);
  CHECK_THROWS_AS(read_in_pieces(*open(image({sum("[]")}), LayerCheck::sums, 7), 7), Error);
}

TEST_CASE("a single sum of a single JSON is known before the layer's end") {
  CHECK(only_payload_checksum(image({sum("{}")})) == sum("{}"));
  CHECK(only_payload_checksum(image({"tarsum+sha256:00", sum("{}")})) == sum("{}"));
  for (const auto& open_until_the_end :
       {image({}), image({"tarsum+sha256:00"}), image({sum("{}"), sum("[]")}),
        image({sum("{}")}, {"{}", "{ }"})}) {
    CHECK_FALSE(only_payload_checksum(open_until_the_end));
  }
}

TEST_CASE("the checksum shows which JSON was pushed") {
  const auto layer = open(image({sum("{ }")}, {"{}", "{x}", "{ }"}), LayerCheck::verify, 7);
  CHECK(layer->original_json() == "{}");
  read_in_pieces(*layer, 7);
  CHECK(layer->original_json() == "{ }");
}

TEST_CASE("with verify_likeliest only the likeliest JSON of a large layer is tried") {
  auto large = image({sum("{ }")}, {"{}", "{ }"});
  CHECK(read_in_pieces(*open(large, LayerCheck::verify_likeliest, 7), 7) == k_bytes);
  large.layer_size_bytes.reset(); // may be large
  CHECK_THROWS_AS(read_in_pieces(*open(large, LayerCheck::verify_likeliest, 7), 7), Error);
  CHECK(read_in_pieces(*open(large, LayerCheck::verify, 7), 7) == k_bytes);
  large.json_candidates = {"{ }", "{}"};
  CHECK(read_in_pieces(*open(large, LayerCheck::verify_likeliest, 7), 7) == k_bytes);
}

TEST_CASE("payload checksums are separated from other sums") {
  CHECK(payload_sums(image({"tarsum+sha256:1", "sha256:2", "md5:3", "sha256:4"})) ==
        std::vector<std::string>{"sha256:2", "sha256:4"});
  CHECK(payload_sums(image({})).empty());
}

TEST_CASE("unpacking distinguishes a truncated layer from a changed one") {
  using Outcome = Unpacking::Outcome;
  const auto tar = make_tar_header({"file", 600, 0}) + std::string(600, 'x') +
                   std::string(tar_padding_bytes(600), '\0') + make_tar_end();
  const auto packed = read_text(*make_gzip_source(make_text_source(tar)), 100000, "gzip");
  auto changed = packed;
  changed[packed.size() - 6] ^= 1; // in the gzip's sum, behind the tar
  struct Row {
    std::string name;
    std::string layer;
    Outcome outcome;
    const char* problem;
  };
  const Row rows[] = {
      {"plain", tar, Outcome::whole, ""},
      {"gzip", packed, Outcome::whole, ""},
      {"gzip, cut in its sum", packed.substr(0, packed.size() - 4), Outcome::cut,
       "the gzip data ends too early"},
      {"plain, cut in a file", tar.substr(0, 700), Outcome::cut, "the tar file ends in the middle"},
      {"gzip, with another sum", changed, Outcome::damaged, "the gzip data is damaged"},
      {"no tar", std::string(2000, 'x'), Outcome::damaged, "is not a tar file"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto unpacking = check_unpacking(make_text_source(row.layer));
    CHECK(unpacking.outcome == row.outcome);
    CAPTURE(unpacking.problem);
    CHECK(unpacking.problem.starts_with(row.problem));
    CHECK(unpacking.problem.empty() == (row.outcome == Outcome::whole));
  }
}

TEST_SUITE_END();
