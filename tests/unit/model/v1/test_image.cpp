// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/v1/image.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::Error;
using regctl::ErrorKind;
using regctl::parse_v1_image;

namespace {

const std::string k_id(64, 'a');
const std::string k_parent(64, 'b');

std::string with(const std::string& members) {
  return R"({"id":")" + k_id + "\"" + members + "}";
}

} // namespace

TEST_SUITE_BEGIN("model/v1/image");

TEST_CASE("the fields of an image are read from its JSON") {
  const auto info = parse_v1_image(with(
      R"(,"parent":")" + k_parent +
      R"(","created":"2014-05-13T16:53:22Z","container_config":{"Cmd":["/bin/sh","-c","x"]},)" +
      R"("author":"A","docker_version":"1.5.0","architecture":"amd64","os":"linux","Size":7)"));
  CHECK(info.id == k_id);
  CHECK(info.parent == k_parent);
  CHECK(info.created_by == "/bin/sh -c x");
  CHECK(info.size_bytes == 7);
  CHECK(info.docker_version == "1.5.0");
}

TEST_CASE("a base image's parent is absent, null or empty") {
  for (const char* members : {"", R"(,"parent":null)", R"(,"parent":"")"}) {
    CAPTURE(members);
    CHECK_FALSE(parse_v1_image(with(members)).parent);
  }
}

TEST_CASE("a JSON that is not an image's is refused with the field's name") {
  struct Row {
    std::string json;
    const char* why;
  };
  const Row rows[] = {
      {"", "is not JSON"},
      {"[]", "not an object"},
      {"{}", "image JSON.id is missing"},
      {R"({"id":7})", "image JSON.id is not a string"},
      {R"({"id":"../../etc"})", "id is not an image ID"},
      {with(R"(,"parent":"x")"), "parent is not an image ID"},
      {with(R"(,"parent":7)"), "parent is not an image ID"},
      {std::string(200, '['), "nested more than 100 deep"},
      {"\xEF\xBB\xBF" + with(""), "begins with a byte order mark"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    try {
      parse_v1_image(row.json);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().find(row.why) != std::string::npos);
    }
  }
}

TEST_CASE("malformed values of fields that are only shown are ignored") {
  const auto info = parse_v1_image(with(R"(,"created":7,"container_config":[],"Size":-1)"));
  CHECK(info.created.empty());
  CHECK(info.created_by.empty());
  CHECK_FALSE(info.size_bytes);
  CHECK(parse_v1_image(with(R"(,"Size":0)")).size_bytes == 0);
  CHECK_FALSE(parse_v1_image(with("")).size_bytes);
  CHECK_FALSE(parse_v1_image(with(R"(,"Size":3,"Size":"3")")).size_bytes);
}

TEST_CASE("only members of the image itself count, and of several the last") {
  const auto info = parse_v1_image(with(
      R"(,"config":{"id":"x","parent":7,"Cmd":["no"],"Size":1},"x":[{"os":"no"}],"os":"linux",)"
      R"("container_config":{"Cmd":["a"]},"container_config":{"Env":["no"],"Cmd":["b",["no"],7,"c"],)"
      R"("x":{"Cmd":["no"]}},"created":"x","created":7,"Size":1,"Size":2)"));
  CHECK(info.os == "linux");
  CHECK(info.created_by == "b c");
  CHECK(info.created.empty());
  CHECK(info.size_bytes == 2);
  CHECK(parse_v1_image(with(R"(,"container_config":{"Cmd":["a"],"Cmd":"b"})")).created_by.empty());
  CHECK(parse_v1_image(with(R"(,"container_config":{"Cmd":["a"]},"container_config":[["b"]])"))
            .created_by.empty());
  CHECK(parse_v1_image(R"({"id":7,"id":")" + k_id + "\"}").id == k_id);
}

TEST_CASE("IDs have 64 or 16 lower-case hex digits") {
  CHECK(regctl::is_v1_id(std::string(64, '0')));
  CHECK(regctl::is_v1_id(std::string(16, 'f')));
  CHECK_FALSE(regctl::is_v1_id(std::string(64, 'F')));
  CHECK_FALSE(regctl::is_v1_id(std::string(63, '0')));
  CHECK_FALSE(regctl::is_v1_id(""));
}

TEST_SUITE_END();
