// SPDX-License-Identifier: Apache-2.0
#include "server/v1/open_uploads.hpp"

#include <doctest/doctest.h>

using regctl::server::OpenUploads;

TEST_SUITE_BEGIN("server/v1/open_uploads");

TEST_CASE("each stored JSON allows one layer, and each layer one checksum") {
  OpenUploads uploads;
  CHECK_FALSE(uploads.is_layer_owed("a"));
  uploads.take_json("a");
  uploads.take_json("a");
  CHECK(uploads.is_layer_owed("a"));
  CHECK_FALSE(uploads.is_layer_owed("b"));
  uploads.take_layer("a", "sha256:1");
  CHECK(uploads.is_layer_owed("a"));
  uploads.take_layer("a", "sha256:1");
  CHECK_FALSE(uploads.is_layer_owed("a"));
  CHECK_FALSE(uploads.take_checksum("a", "sha256:2"));
  CHECK_FALSE(uploads.take_checksum("b", "sha256:1"));
  CHECK(uploads.take_checksum("a", "sha256:1"));
  CHECK(uploads.take_checksum("a", "sha256:1"));
  CHECK_FALSE(uploads.take_checksum("a", "sha256:1"));
}

TEST_CASE("clients that never come back cost limited memory, and newer uploads are kept") {
  OpenUploads uploads;
  for (int i = 0; i < 10'000; ++i) {
    uploads.take_json("image " + std::to_string(i));
    uploads.take_layer("one image", "sha256:" + std::to_string(i));
  }
  CHECK_FALSE(uploads.is_layer_owed("image 0"));
  CHECK(uploads.is_layer_owed("image 9000"));
  CHECK(uploads.is_layer_owed("image 9999"));
  CHECK_FALSE(uploads.take_checksum("one image", "sha256:0"));
  CHECK(uploads.take_checksum("one image", "sha256:9999"));
}
