// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/derive.hpp>
#include <regctl/model/v1/image.hpp>

#include <doctest/doctest.h>

using namespace regctl;

namespace {

const std::string k_diff_a = "sha256:" + std::string(64, 'a');
const std::string k_diff_b = "sha256:" + std::string(64, 'b');

std::string config(const std::string& history) {
  return R"({"architecture":"amd64","os":"linux","created":"2020-01-01T00:00:00Z",)"
         R"("config":{"Cmd":["/x"]},"rootfs":{"type":"layers","diff_ids":[")" +
         k_diff_a + R"(",")" + k_diff_b + R"("]},"history":)" + history + "}";
}

const std::string k_history =
    R"([{"created_by":"ADD a","created":"2019-01-01T00:00:00Z"},)"
    R"({"created_by":"ENV x","empty_layer":true},{"created_by":"ADD b"}])";

} // namespace

TEST_SUITE_BEGIN("model/v1/derive");

TEST_CASE("each step of the history is an image, linked to the one before") {
  const auto chain = derive_v1_chain(config(k_history)).images;
  REQUIRE(chain.size() == 3);
  CHECK(chain[0].layer_index == 0);
  CHECK_FALSE(chain[1].layer_index);
  CHECK(chain[2].layer_index == 1);
  std::optional<std::string> parent;
  for (const auto& image : chain) {
    const auto info = parse_v1_image(image.json);
    CHECK(info.id == image.id);
    CHECK(info.parent == parent);
    parent = image.id;
  }
  CHECK(parse_v1_image(chain[0].json).created == "2019-01-01T00:00:00Z");
  CHECK(parse_v1_image(chain[1].json).created_by == "ENV x");
  const auto top = parse_json(chain[2].json, "x");
  CHECK(top["config"]["Cmd"][0] == "/x");
  CHECK_FALSE(top.contains("rootfs"));
  CHECK_FALSE(parse_json(chain[0].json, "x").contains("config"));
}

TEST_CASE("IDs depend on content alone, and on all of it") {
  const auto ids = [](const std::string& text) {
    std::string all;
    for (const auto& image : derive_v1_chain(text).images) {
      all += image.id;
    }
    return all;
  };
  const auto first = ids(config(k_history));
  CHECK(ids(config(k_history)) == first);
  auto other = config(k_history);
  other.replace(other.find(k_diff_b), k_diff_b.size(), "sha256:" + std::string(64, 'c'));
  CHECK(ids(other) != first);
  CHECK(ids(other).substr(0, 128) == first.substr(0, 128)); // what is below stays
}

TEST_CASE("a history that does not account for every layer is not used") {
  for (const char* history : {"[]", "null", R"([{"created_by":"one"}])", "7"}) {
    CAPTURE(history);
    CHECK(derive_v1_chain(config(history)).images.size() == 2);
  }
}

TEST_CASE("a malformed config is refused with the field's name") {
  struct Row {
    const char* text;
    const char* why;
  };
  for (const auto& row :
       {Row{"{}", "rootfs.diff_ids is missing"},
        Row{R"({"rootfs":{"diff_ids":["x"]}})", "rootfs.diff_ids[0] is not"},
        Row{R"({"rootfs":{"diff_ids":[]}})", "neither layers nor history"}, Row{"[", "not JSON"}}) {
    try {
      derive_v1_chain(row.text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().find(row.why) != std::string::npos);
    }
  }
}

TEST_SUITE_END();
