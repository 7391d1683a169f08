// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/layer_fact.hpp"
#include "ops/passage/passage.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using ops::LayerFact;
using ops::OciForm;

namespace {

std::string sum(char digit) {
  return "sha256:" + std::string(64, digit);
}

V1Image image() {
  V1Image image;
  image.id = std::string(64, 'a');
  image.json = "{}";
  image.payload_checksums = {sum('1'), "tarsum+sha256:" + std::string(64, '3'), sum('2')};
  return image;
}

ops::ConvertedLayer layer(const std::string& media_type) {
  ops::ConvertedLayer layer;
  layer.blob = oci::Descriptor{media_type, oci::Digest::of("layer"), 5};
  layer.diff_id = sum('d');
  return layer;
}

bool are_equal(const ops::ConvertedLayer& a, const ops::ConvertedLayer& b) {
  return a.blob == b.blob && a.diff_id == b.diff_id && a.json == b.json && a.notes == b.notes;
}

} // namespace

TEST_SUITE_BEGIN("ops/passage/layer_fact");

TEST_CASE("a layer is found again as it became in the same form") {
  const std::pair<std::string, OciForm> rows[] = {
      {std::string(oci::k_oci_layer), OciForm::oci},
      {std::string(oci::k_oci_layer_gzip), OciForm::oci},
      {std::string(oci::k_docker_layer), OciForm::docker},
  };
  for (const auto& row : rows) {
    const auto& type = row.first;
    CAPTURE(type);
    auto known = layer(type);
    for (const std::set<std::string>& notes :
         {std::set<std::string>(), {"recompressed", "gnu-sparse"}}) {
      known.notes = notes;
      const auto text = LayerFact::print(image(), known);
      REQUIRE(text);
      CHECK(ops::is_fact(LayerFact::identity_of(image().id, row.second), *text));
      const auto found = LayerFact::find(*text, image(), row.second);
      REQUIRE(found);
      CHECK(are_equal(*found, known));
    }
  }
  ops::ConvertedLayer empty;
  const auto text = LayerFact::print(image(), empty);
  REQUIRE(text);
  CHECK(are_equal(*LayerFact::find(*text, image(), OciForm::oci), empty));
  CHECK(LayerFact::identity_of("a", OciForm::oci) != LayerFact::identity_of("a", OciForm::docker));
}

TEST_CASE("what another run could not be sure of is not kept") {
  auto unproven = image();
  unproven.payload_checksums = {"tarsum+sha256:" + std::string(64, '3')};
  CHECK(!LayerFact::print(unproven, layer("x")));
  auto printed_anew = layer("x");
  printed_anew.json = "{ }";
  CHECK(!LayerFact::print(image(), printed_anew));
}

TEST_CASE("another layer under the same ID is not taken for it") {
  const auto text = *LayerFact::print(image(), layer("x"));
  auto other = image();
  other.payload_checksums.pop_back();
  CHECK(!LayerFact::find(text, other, OciForm::oci));
  other.payload_checksums.clear();
  CHECK(!LayerFact::find(text, other, OciForm::oci));
}

TEST_CASE("a JSON that has changed under its checksums is not taken for what they say") {
  const auto text = *LayerFact::print(image(), layer("x"));
  auto other = image();
  other.json = "{ }";
  CHECK(LayerFact::find(text, image(), OciForm::oci));
  CHECK(!LayerFact::find(text, other, OciForm::oci));
}

TEST_CASE("useless lines are no facts") {
  const auto good = *LayerFact::print(image(), layer("x"));
  const auto identity = LayerFact::identity_of(image().id, OciForm::oci);
  CHECK(ops::is_fact(identity, good));
  CHECK(!ops::is_fact(image().id, good));
  CHECK(!ops::is_fact("a+oci", good));
  CHECK(!ops::is_fact(image().id + "+other", good));
  for (const auto& text :
       {std::string(), good + " x", good.substr(1 + good.find(' ')), sum('1') + " -",
        std::string("1 2 3 4 5 6"), good.substr(0, good.size() - 1),
        good.substr(0, good.rfind(' ')),
        sum('1') + " " + sum('2') + " " + sum('3') + " x gzip - 0123456789abcdef",
        sum('1') + " " + sum('2') + " " + sum('3') + " 5 zip - 0123456789abcdef"}) {
    CAPTURE(text);
    CHECK(!ops::is_fact(identity, text));
  }
}

TEST_CASE("a manifest is kept for each form") {
  const auto oci = ops::ManifestFact::identity_of(image().id, OciForm::oci);
  CHECK(oci != ops::ManifestFact::identity_of(image().id, OciForm::docker));
  CHECK(ops::is_fact(oci, sum('1')));
  CHECK(!ops::is_fact(oci, *LayerFact::print(image(), layer("x"))));
  CHECK(!ops::is_fact(image().id + "=", sum('1')));
  CHECK(!ops::is_fact(image().id, sum('1')));
}

TEST_CASE("a manifest of schema 1 becomes one too") {
  const auto identity = ops::ManifestFact::identity_of(sum('2'), OciForm::docker);
  CHECK(ops::is_fact(identity, sum('1')));
  CHECK(!ops::is_fact(identity, image().id));
  CHECK(!ops::is_fact("sha256:2=docker", sum('1')));
}

TEST_SUITE_END();
