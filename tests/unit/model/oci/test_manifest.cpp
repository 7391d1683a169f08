// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using oci::Manifest;

namespace {

std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

std::string descriptor(char digit, std::string_view media_type = "") {
  return R"({"mediaType":")" + std::string(media_type) + R"(","digest":")" + digest(digit) +
         R"(","size":7})";
}

const std::string k_config = R"("config":)" + descriptor('c', oci::k_oci_config);
const std::string k_layers = R"("layers":[)" + descriptor('1') + "," + descriptor('2') + "]";
const std::string k_image = R"({"schemaVersion":2,)" + k_config + "," + k_layers + "}";
const std::string k_index = R"({"schemaVersion":2,"manifests":[)" + descriptor('a') + "]}";
const std::string k_schema1 = R"({"schemaVersion":1,"fsLayers":[{"blobSum":")" + digest('2') +
                              R"("},{"blobSum":")" + digest('1') + R"("}]})";

/// With a member more.
std::string with(const std::string& document, const std::string& member) {
  return document.substr(0, document.size() - 1) + "," + member + "}";
}

std::string with_type(const std::string& document, std::string_view media_type) {
  return with(document, R"("mediaType":")" + std::string(media_type) + "\"");
}

void check_refused(const std::string& document, std::string_view media_type,
                   const std::string& why) {
  CAPTURE(document);
  try {
    Manifest::parse(document, media_type, "app:1.0");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
    CHECK(error.message().starts_with("app:1.0"));
  }
}

std::string type_of(const std::string& document, std::string_view told) {
  return Manifest::parse(document, told, "it").media_type;
}

} // namespace

TEST_SUITE_BEGIN("model/oci/manifest");

TEST_CASE("an image has a config and layers, and may refer to another manifest") {
  const auto manifest =
      Manifest::parse(with(k_image, R"("subject":)" + descriptor('5') +
                                        R"(,"artifactType":"text/x","annotations":{"k":"v"})"),
                      oci::k_oci_manifest, "it");
  CHECK(manifest.kind == Manifest::Kind::image);
  REQUIRE(manifest.config);
  CHECK(manifest.config->digest.to_string() == digest('c'));
  REQUIRE(manifest.layers.size() == 2);
  CHECK(manifest.layers[0].digest.to_string() == digest('1'));
  REQUIRE(manifest.subject);
  CHECK(manifest.subject->digest.to_string() == digest('5'));
  CHECK(manifest.artifact_type == "text/x");
  CHECK(manifest.annotations == oci::Annotations{{"k", "v"}});
  CHECK(manifest.manifests.empty());
}

TEST_CASE("an index has manifests, in its order") {
  const auto index = Manifest::parse(R"({"manifests":[)" + descriptor('b') + "," + descriptor('a') +
                                         R"(],"subject":)" + descriptor('5') + "}",
                                     oci::k_docker_list, "it");
  CHECK(index.kind == Manifest::Kind::index);
  REQUIRE(index.manifests.size() == 2);
  CHECK(index.manifests[0].digest.to_string() == digest('b'));
  CHECK(index.subject);
  CHECK_FALSE(index.config);
  CHECK(index.blobs().empty());
}

TEST_CASE("schema 1 lists its layers newest first and without sizes") {
  for (const auto& type : {oci::k_schema1, oci::k_schema1_signed}) {
    const auto manifest = Manifest::parse(k_schema1, type, "it");
    CHECK(manifest.kind == Manifest::Kind::schema1);
    CHECK(manifest.media_type == type);
    REQUIRE(manifest.layers.size() == 2);
    CHECK(manifest.layers[0].digest.to_string() == digest('1'));
    CHECK(manifest.layers[0].size_bytes == 0);
    CHECK_FALSE(manifest.config);
  }
}

TEST_CASE("an artifact of old has blobs and no config") {
  const auto artifact = Manifest::parse(
      R"({"artifactType":"text/x","blobs":[)" + descriptor('1') + "]}", oci::k_oci_artifact, "it");
  CHECK(artifact.kind == Manifest::Kind::image);
  CHECK(artifact.layers.size() == 1);
  CHECK(artifact.referrer_type() == "text/x");
}

TEST_CASE("lists may be absent, null or empty") {
  for (const auto& layers :
       {std::string(R"("x":1)"), std::string(R"("layers":null)"), std::string(R"("layers":[])")}) {
    CHECK(Manifest::parse("{" + k_config + "," + layers + "}", oci::k_oci_manifest, "it")
              .layers.empty());
  }
  CHECK(Manifest::parse(R"({"manifests":null})", oci::k_oci_index, "it").manifests.empty());
}

TEST_CASE("the type is what the store says, else mediaType, else what the members show") {
  CHECK(type_of(k_image, oci::k_docker_manifest) == oci::k_docker_manifest);
  CHECK(type_of(k_image, std::string(oci::k_docker_manifest) + "; charset=utf-8") ==
        oci::k_docker_manifest);
  CHECK(type_of(with_type(k_image, oci::k_docker_manifest), oci::k_docker_manifest) ==
        oci::k_docker_manifest);
  for (const char* told : {"", "application/json", "application/octet-stream", "text/plain"}) {
    CAPTURE(told);
    CHECK(type_of(with_type(k_image, oci::k_docker_manifest), told) == oci::k_docker_manifest);
    CHECK(type_of(k_image, told) == oci::k_oci_manifest);
    CHECK(type_of("{" + k_config + "}", told) == oci::k_oci_manifest);
    CHECK(type_of(k_index, told) == oci::k_oci_index);
    CHECK(type_of(k_schema1, told) == oci::k_schema1);
    CHECK(type_of(with(k_schema1, R"("signatures":[])"), told) == oci::k_schema1_signed);
    CHECK(type_of(with_type(k_index, "text/x"), told) == oci::k_oci_index);
    check_refused("{}", told, "is no manifest");
    check_refused(R"({"schemaVersion":2})", told, "is no manifest");
  }
}

TEST_CASE("a type that differs from mediaType is refused") {
  check_refused(with_type(k_image, oci::k_oci_manifest), oci::k_docker_manifest,
                "is said to be application/vnd.docker.distribution.manifest.v2+json, and its "
                "mediaType says application/vnd.oci.image.manifest.v1+json");
  check_refused(with_type(k_image, "text/x"), oci::k_oci_manifest, "says text/x");
  check_refused(with_type(k_schema1, oci::k_oci_manifest), oci::k_schema1, "and its mediaType");
  // Both forms of schema 1 are one document.
  CHECK(type_of(with_type(k_schema1, oci::k_schema1), oci::k_schema1_signed) ==
        oci::k_schema1_signed);
}

TEST_CASE("a document that could be taken for two kinds is refused") {
  const auto manifests = R"("manifests":[)" + descriptor('a') + "]";
  for (const auto& type : {oci::k_oci_manifest, oci::k_docker_manifest, oci::k_oci_artifact}) {
    check_refused(with(k_image, manifests), type, "has manifests, as another kind of manifest");
    check_refused(with(k_image, R"("fsLayers":[])"), type, "has fsLayers");
  }
  for (const auto& type : {oci::k_oci_index, oci::k_docker_list}) {
    check_refused(with(k_index, k_config), type, "has config");
    check_refused(with(k_index, k_layers), type, "has layers");
    check_refused(with(k_index, R"("fsLayers":[])"), type, "has fsLayers");
  }
  for (const auto& member : {manifests, k_config, k_layers}) {
    check_refused(with(k_schema1, member), oci::k_schema1, "as another kind of manifest");
  }
  check_refused(with(k_image, manifests), "", "as another kind of manifest");
  CHECK(type_of(with(k_image, R"("manifests":null)"), "") == oci::k_oci_manifest);
}

TEST_CASE("a wrong member is named") {
  const auto image = std::string(oci::k_oci_manifest);
  check_refused("[]", image, "is no JSON object");
  check_refused("{", image, "is not JSON");
  check_refused("{" + k_layers + "}", image, "app:1.0: config is missing");
  check_refused(R"({"config":[],)" + k_layers + "}", image, "app:1.0: config is no object");
  check_refused("{" + k_config + R"(,"layers":{}})", image, "app:1.0: layers is no list");
  check_refused("{" + k_config + R"(,"layers":[)" + descriptor('1') + R"(,7]})", image,
                "app:1.0: layers[1] is no object");
  check_refused(with(k_image, R"("subject":{"digest":"x","size":1})"), image,
                "app:1.0: subject.digest is no digest: 'x'");
  check_refused(R"({"manifests":"x"})", oci::k_oci_index, "app:1.0: manifests is no list");
  check_refused(R"({"manifests":[{"size":1}]})", oci::k_oci_index,
                "app:1.0: manifests[0].digest is missing");
  check_refused(R"({"schemaVersion":1})", oci::k_schema1, "app:1.0: fsLayers is no list");
  check_refused(R"({"fsLayers":{}})", oci::k_schema1, "app:1.0: fsLayers is no list");
  check_refused(R"({"fsLayers":[{"blobSum":"x"}]})", oci::k_schema1,
                "app:1.0: fsLayers[0].blobSum is no digest: 'x'");
  check_refused(R"({"fsLayers":[1]})", oci::k_schema1, "app:1.0: fsLayers[0].blobSum is missing");
}

TEST_CASE("a manifest is read up to its limit") {
  auto document = k_image;
  document.append(oci::k_manifest_limit_bytes - document.size(), ' ');
  CHECK_NOTHROW(Manifest::parse(document, "", "it"));
  check_refused(document + " ", "", "is larger than 8388608 bytes");
}

TEST_CASE("the blobs are the config and the layers, each once") {
  const auto manifest =
      Manifest::parse("{" + k_config + R"(,"layers":[)" + descriptor('2') + "," + descriptor('1') +
                          "," + descriptor('2') + "," + descriptor('c') + "]}",
                      oci::k_oci_manifest, "it");
  std::string digits;
  for (const auto& blob : manifest.blobs()) {
    digits += blob.digest.hex().front();
  }
  CHECK(digits == "c21");
}

TEST_CASE("a referrer without a type of its own has its config's") {
  CHECK(Manifest::parse(k_image, oci::k_oci_manifest, "it").referrer_type() == oci::k_oci_config);
  CHECK(Manifest::parse(with(k_image, R"("artifactType":"text/x")"), "", "it").referrer_type() ==
        "text/x");
  CHECK(Manifest::parse(k_index, "", "it").referrer_type().empty());
}

TEST_CASE("a document keeps its bytes, and has the digest of them") {
  const auto spaced = " " + k_image + "\n";
  const auto document = oci::make_document(spaced, "application/json", std::nullopt, "it");
  CHECK(document.bytes == spaced);
  CHECK(document.media_type == oci::k_oci_manifest);
  CHECK(document.digest == oci::Digest::of(spaced));
  const auto described = document.descriptor();
  CHECK(described.media_type == oci::k_oci_manifest);
  CHECK(described.digest == document.digest);
  CHECK(described.size_bytes == spaced.size());
}

TEST_CASE("a document is held against the digest that names it, by its algorithm") {
  const auto longer = oci::Digest::of(k_image, oci::DigestAlgorithm::sha512);
  CHECK(oci::make_document(k_image, "", longer, "it").digest == longer);
  for (const auto& expected : {oci::Digest::of("x"), oci::Digest::of("x", longer.algorithm())}) {
    try {
      oci::make_document(k_image, "", expected, "app:1.0");
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::integrity);
      CHECK(error.message().starts_with("app:1.0 has digest sha"));
      CHECK(error.message().ends_with(" instead of " + expected.to_string()));
    }
  }
}

TEST_CASE("a signed schema 1 has the digest of its payload, and a changed one is refused") {
  const auto expected = oci::Digest::parse(
      "sha256:b3e1f2f4c36831e14bdac8518168c115e01e7994ce2a8cf71805142ce69b9874", "it");
  auto bytes = read_file(REGCTL_TEST_DATA "/oci/schema1-of-2.8.2.json", 1 << 20);
  const auto document = oci::make_document(bytes, oci::k_schema1_signed, expected, "it");
  CHECK(document.digest == expected);
  CHECK(document.bytes == bytes);
  CHECK(document.descriptor().size_bytes == bytes.size());
  CHECK(oci::make_document(bytes, "application/json", expected, "it").media_type ==
        oci::k_schema1_signed);
  bytes.replace(bytes.find("amd64"), 5, "arm64");
  CHECK_THROWS_WITH_AS(oci::make_document(bytes, oci::k_schema1_signed, expected, "it"),
                       doctest::Contains("instead of"), Error);
}

TEST_SUITE_END();
