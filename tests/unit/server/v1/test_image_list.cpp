// SPDX-License-Identifier: Apache-2.0
#include "server/v1/image_list.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using regctl::server::ImageList;
using regctl::server::read_image_list;

namespace {

const std::string k_a(64, 'a');
const std::string k_b(16, 'b');

int status_of(const std::string& body) {
  ImageList list;
  const auto problem = read_image_list(body, list);
  return problem ? problem->status : 200;
}

std::string repeated(const std::string& entry, std::size_t count) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + entry;
  }
  return text + "]";
}

} // namespace

TEST_SUITE_BEGIN("server/v1/image_list");

TEST_CASE("images and checksums are read, and other members are skipped") {
  ImageList list;
  const auto problem = read_image_list(
      R"([{"id":")" + k_a +
          R"(","Tag":"1.0"}, {"more":{"id":[1,{"checksum":"no"}]},"checksum":"s","id":")" + k_b +
          R"("}, {"checksum":7,"id":")" + k_a + R"(","x":null}])",
      list);
  CHECK_FALSE(problem);
  CHECK(list.ids == std::vector{k_a, k_b, k_a});
  CHECK(list.sums == std::vector<std::string>{"", "s", ""});
}

TEST_CASE("anything but a list of images is refused") {
  struct Row {
    std::string body;
    const char* why;
  };
  const Row rows[] = {
      {"", "Decoding"},
      {"[", "Decoding"},
      {"[{\"id\":\"" + k_a + "\"}", "Decoding"},
      {"[] []", "Decoding"},
      {"{}", "Invalid data"},
      {"7", "Invalid data"},
      {"\"x\"", "Invalid data"},
      {"[7]", "no image ID"},
      {"[[]]", "no image ID"},
      {"[{}]", "no image ID"},
      {R"([{"id":"../x"}])", "no image ID"},
      {R"([{"id":""}])", "no image ID"},
      {R"([{"id":".."}])", "no image ID"},
      {R"([{"id":"a b"}])", "no image ID"},
      {R"([{"id":"a\u0000"}])", "no image ID"},
      {"[{\"id\":\"" + std::string(129, 'a') + "\"}]", "no image ID"},
      {R"([{"id":[")" + k_a + "\"]}]", "no image ID"},
      {R"([{"x":{"id":")" + k_a + "\"}}]", "no image ID"},
      {"[{\"id\":\"" + k_a + "\"},{}]", "no image ID"},
      {"[{\"id\":\"" + k_a + "\",\"id\":null}]", "no image ID"},
      {"[{\"id\":\"" + k_a + "\",\"x\":" + std::string(200, '[') + std::string(200, ']') + "}]",
       "Decoding"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    ImageList list;
    const auto problem = read_image_list(row.body, list);
    REQUIRE(problem);
    CHECK(problem->status == 400);
    CHECK(problem->text.find(row.why) != std::string::npos);
  }
}

TEST_CASE("IDs of other shapes are accepted, as by docker-registry") {
  for (const auto& id : {std::string("x8fq3kz01mnbvcx7"), std::string("ABC.def-1_2"),
                         std::string("7"), std::string(128, 'z')}) {
    ImageList list;
    CHECK_FALSE(read_image_list("[{\"id\":\"" + id + "\"}]", list));
    CHECK(list.ids == std::vector{id});
  }
}

TEST_CASE("a list of too many images is refused") {
  const auto entry = "{\"id\":\"" + k_b + "\"}";
  CHECK(status_of(repeated(entry, 250'000)) == 200);
  CHECK(status_of(repeated(entry, 250'001)) == 413);
}

TEST_SUITE_END();
