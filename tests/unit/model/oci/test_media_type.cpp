// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/oci/media_type.hpp>

#include <doctest/doctest.h>

using namespace regctl::oci;

TEST_SUITE_BEGIN("model/oci/media_type");

TEST_CASE("a media type is read without parameters, blanks and case") {
  CHECK(bare_media_type("application/json; charset=utf-8") == "application/json");
  CHECK(bare_media_type(" Application/JSON\t; q=1") == "application/json");
  CHECK(bare_media_type(k_oci_index) == k_oci_index);
  for (const char* text : {"", "  ", ";", " ; charset=utf-8"}) {
    CHECK(bare_media_type(text).empty());
  }
}

TEST_CASE("each type of manifest is one, and indexes and schema 1 are told apart") {
  for (const auto& type : {k_oci_manifest, k_docker_manifest, k_oci_index, k_docker_list,
                           k_schema1_signed, k_schema1, k_oci_artifact}) {
    CAPTURE(type);
    CHECK(is_manifest(type));
    CHECK(is_index(type) == (type == k_oci_index || type == k_docker_list));
    CHECK(is_schema1(type) == (type == k_schema1_signed || type == k_schema1));
    CHECK_FALSE(is_layer(type));
  }
  for (const char* type : {"", "application/json", "application/octet-stream",
                           "application/vnd.oci.image.config.v1+json"}) {
    CAPTURE(type);
    CHECK_FALSE(is_manifest(type));
  }
}

TEST_CASE("configs of images are those of OCI and Docker, not those of artifacts") {
  CHECK(is_image_config(k_oci_config));
  CHECK(is_image_config(k_docker_config));
  CHECK_FALSE(is_image_config(k_empty));
  CHECK_FALSE(is_image_config("application/vnd.cncf.helm.config.v1+json"));
}

TEST_CASE("layers are known by their type, whatever packs them") {
  struct Row {
    const char* type;
    bool is_layer;
    bool is_foreign;
  };
  const Row rows[] = {
      {"application/vnd.oci.image.layer.v1.tar", true, false},
      {"application/vnd.oci.image.layer.v1.tar+gzip", true, false},
      {"application/vnd.oci.image.layer.v1.tar+zstd", true, false},
      {"application/vnd.docker.image.rootfs.diff.tar", true, false},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", true, false},
      {"application/vnd.docker.image.rootfs.diff.tar.zstd", true, false},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true, true},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true, true},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true, true},
      {"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", false, false},
      {"application/vnd.oci.image.layer.v1.target", false, false},
      {"application/vnd.in-toto+json", false, false},
      {"application/vnd.cncf.helm.chart.content.v1.tar+gzip", false, false},
      {"", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.type);
    CHECK(is_layer(row.type) == row.is_layer);
    CHECK(is_foreign_layer(row.type) == row.is_foreign);
  }
}

TEST_SUITE_END();
