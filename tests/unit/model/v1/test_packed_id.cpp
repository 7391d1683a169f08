// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/v1/packed_id.hpp>

#include <doctest/doctest.h>

using regctl::PackedId;

TEST_SUITE_BEGIN("model/v1/packed_id");

TEST_CASE("an ID comes out as it was packed") {
  const std::string ids[] = {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                             std::string(64, '0'), std::string(64, 'f'), "0123456789abcdef",
                             std::string(16, '0')};
  for (const auto& id : ids) {
    CHECK(PackedId(id).text() == id);
  }
}

TEST_CASE("packed IDs are equal exactly if their texts are, also if one is short") {
  const std::string digits = "0123456789abcdef";
  const PackedId one(digits);
  CHECK(one == PackedId(digits));
  CHECK(PackedId::Hash()(one) == PackedId::Hash()(PackedId(digits)));
  CHECK(one != PackedId("1123456789abcdef"));
  CHECK(one != PackedId(digits + std::string(48, '0')));
}

TEST_SUITE_END();
