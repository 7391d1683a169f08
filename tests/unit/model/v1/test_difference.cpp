// SPDX-License-Identifier: Apache-2.0
#include <regctl/model/v1/difference.hpp>

#include <doctest/doctest.h>

using namespace regctl;

namespace {

V1Image image() {
  return {std::string(64, 'a'), R"({"id":"a","x":"<"})", 5, {"sha256:1"}, {}};
}

} // namespace

TEST_SUITE_BEGIN("model/v1/difference");

TEST_CASE("images differ in facts that both stores record") {
  CHECK(find_v1_difference(image(), image()).empty());
  auto other = image();
  other.json = R"({"id":"a","x":">"})";
  CHECK(find_v1_difference(other, image()) == "its JSON is another");
  other = image();
  other.layer_size_bytes = 4;
  CHECK(find_v1_difference(other, image()) == "its layer has 4 bytes instead of 5");
  other = image();
  other.payload_checksums = {"sha256:2", "sha256:3"};
  CHECK(find_v1_difference(other, image()) ==
        "its layer has payload checksum sha256:2 instead of sha256:1");
}

TEST_CASE("a damaged JSON is another one, not an error") {
  auto damaged = image();
  damaged.json = R"({"id":"a","x")";
  CHECK(find_v1_difference(damaged, image()) == "its JSON is another");
  CHECK(find_v1_difference(image(), damaged) == "its JSON is another");
  CHECK(find_v1_difference(damaged, damaged).empty());
}

TEST_CASE("a fact that one store does not record is no difference") {
  auto other = image();
  other.layer_size_bytes.reset();
  other.payload_checksums = {"tarsum+sha256:9"};
  CHECK(find_v1_difference(other, image()).empty());
  CHECK(find_v1_difference(image(), other).empty());
  other.payload_checksums = {"sha256:2", "sha256:1"}; // any of them counts
  CHECK(find_v1_difference(other, image()).empty());
}

TEST_CASE("a re-encoded JSON is no difference") {
  auto printed = image();
  printed.json = R"({"id": "a", "x": "\u003c"})";
  CHECK(find_v1_difference(printed, image()).empty());
  CHECK_FALSE(have_common_json(printed, image()));
  CHECK_FALSE(print_the_same_json(printed, image())); // both say that they keep what was pushed
  printed.json_candidates = {printed.json};
  CHECK(print_the_same_json(printed, image()));
  printed.json_candidates.push_back(image().json);
  CHECK(have_common_json(printed, image()));
}
