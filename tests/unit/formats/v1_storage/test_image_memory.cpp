// SPDX-License-Identifier: Apache-2.0
#include "formats/v1_storage/image_memory.hpp"

#include <doctest/doctest.h>

#include <string>

using regctl::ImageMemory;

TEST_SUITE("formats/v1_storage/image_memory") {
  const std::string k_id(64, 'a');

  TEST_CASE("texts are remembered until their image is forgotten") {
    ImageMemory memory(true);
    CHECK_FALSE(memory.find_text(k_id, "json"));
    memory.put_text(k_id, "json", {"{}", "v1"});
    memory.put_text(k_id, "json", {"{1}", "v2"});
    REQUIRE(memory.find_text(k_id, "json"));
    CHECK(memory.find_text(k_id, "json")->content == "{1}");
    CHECK(memory.find_text(k_id, "json")->version == "v2");
    CHECK_FALSE(memory.find_text(k_id, "ancestry"));
    memory.forget(k_id);
    CHECK_FALSE(memory.find_text(k_id, "json"));
  }

  TEST_CASE("long texts are not kept, and of very many the oldest are dropped") {
    ImageMemory memory(true);
    const std::string longest(16 * 1024, 'x');
    memory.put_text(k_id, "json", {longest + "x", ""});
    CHECK_FALSE(memory.find_text(k_id, "json"));
    constexpr int k_fit = 1024; // 16 MiB
    for (int i = 0; i <= k_fit; ++i) {
      memory.put_text(std::to_string(i), "json", {longest, ""});
    }
    CHECK_FALSE(memory.find_text("0", "json"));
    CHECK(memory.find_text("1", "json"));
    CHECK(memory.find_text(std::to_string(k_fit), "json"));
  }

  TEST_CASE("a long text takes the place of a short one, and the upload stays known") {
    ImageMemory memory(true);
    memory.put_upload(k_id, {});
    memory.put_text(k_id, "json", {"{}", ""});
    memory.put_text(k_id, "json", {std::string(16 * 1024 + 1, 'x'), ""});
    CHECK_FALSE(memory.find_text(k_id, "json"));
    CHECK(memory.find_upload(k_id));
  }

  TEST_CASE("an upload that is renewed has the parts that it had") {
    ImageMemory memory(true);
    memory.put_upload(k_id, {.has_json = true});
    memory.renew_upload(k_id, {true, true, true});
    REQUIRE(memory.find_upload(k_id));
    CHECK(memory.find_upload(k_id)->has_json);
    CHECK_FALSE(memory.find_upload(k_id)->has_layer);
    memory.forget(k_id);
    memory.renew_upload(k_id, {true, true, true});
    REQUIRE(memory.find_upload(k_id));
    CHECK(memory.find_upload(k_id)->has_layer);
  }

  TEST_CASE("an upload is known from its mark to its end, and then as a complete image") {
    ImageMemory memory(true);
    memory.add_part(k_id, &ImageMemory::Upload::has_json); // of an upload that is not known
    CHECK_FALSE(memory.find_upload(k_id));
    memory.put_upload(k_id, {});
    REQUIRE(memory.find_upload(k_id));
    CHECK_FALSE(memory.find_upload(k_id)->has_json);
    memory.add_part(k_id, &ImageMemory::Upload::has_json);
    memory.add_layer(k_id, 7);
    CHECK(memory.find_upload(k_id)->has_json);
    CHECK(memory.find_upload(k_id)->has_layer);
    CHECK_FALSE(memory.find_whole(k_id));
    memory.complete_upload(k_id);
    CHECK_FALSE(memory.find_upload(k_id));
    REQUIRE(memory.find_whole(k_id));
    CHECK(memory.find_whole(k_id)->is_own);
    CHECK(memory.find_whole(k_id)->layer_size_bytes == 7);
    memory.forget(k_id);
    CHECK_FALSE(memory.find_whole(k_id));
  }

  TEST_CASE("an upload whose layer another process wrote is looked at again") {
    ImageMemory memory(true);
    memory.put_upload(k_id, {true, true, true});
    memory.complete_upload(k_id);
    CHECK_FALSE(memory.find_whole(k_id));
  }

  TEST_CASE("a memory that is off remembers nothing") {
    ImageMemory memory(false);
    memory.put_text(k_id, "json", {"{}", ""});
    memory.put_upload(k_id, {});
    memory.put_whole(k_id, {});
    CHECK_FALSE(memory.find_text(k_id, "json"));
    CHECK_FALSE(memory.find_upload(k_id));
    CHECK_FALSE(memory.find_whole(k_id));
  }
}
