// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/v1/converted_config.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace regctl;
using Notes = std::set<std::string>;

namespace {

const std::string k_tail = R"(,"os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:1"]}})";

ConvertedConfig convert(const std::string& json) {
  return convert_config({{json, "sha256:1", false}});
}

/// The member of the config of an image with this JSON, printed; "absent" if it is not there.
std::string member(const std::string& json, const char* name) {
  const auto config = parse_json(convert(json).bytes, "the config");
  const auto* found = find_member(config, name);
  return found == nullptr ? "absent" : found->dump();
}

/// Those members of an image that need no note.
std::string image(const std::string& more) {
  return R"({"id":"1","created":"2014-05-13T16:53:20Z","architecture":"arm","os":"linux")" +
         (more.empty() ? "" : "," + more) + "}";
}

} // namespace

TEST_SUITE_BEGIN("model/v1/converted_config");

TEST_CASE("a chain becomes one config, sorted, with a history entry for each step") {
  const auto config = convert_config(
      {{R"({"id":"1","created":"2014-01-01T00:00:00Z","author":"A","comment":"c",)"
        R"("container_config":{"Cmd":["/bin/sh","-c","make <it>"]},"config":{"Env":["NOT=mine"]}})",
        "sha256:1", false},
       {R"({"id":"2","parent":"1","created":"2014-01-02T00:00:00Z"})", "sha256:2", true},
       {R"({"id":"3","parent":"2","created":"2014-01-03T00:00:00Z","os":"linux",)"
        R"("architecture":"amd64","config":{"Cmd":["sh"]}})",
        "sha256:3", false}});
  CHECK(config.bytes ==
        R"({"architecture":"amd64","config":{"Cmd":["sh"]},"created":"2014-01-03T00:00:00Z",)"
        R"("history":[{"created":"2014-01-01T00:00:00Z","author":"A",)"
        R"("created_by":"/bin/sh -c make \u003cit\u003e","comment":"c"},)"
        R"({"created":"2014-01-02T00:00:00Z","empty_layer":true},)"
        R"({"created":"2014-01-03T00:00:00Z"}],"os":"linux",)"
        R"("rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:3"]}})");
  CHECK(config.notes == Notes{});
}

TEST_CASE("v1's own members go, all others stay, known or not") {
  const auto config =
      convert(image(R"("parent":"0","parent_id":"0","layer_id":"0","Size":1,"throwaway":true,)"
                    R"("checksum":"tarsum","rootfs":{"x":1},"history":[1],)"
                    R"("zeta":{"b":1,"a":[1.0,1e3,-0,12345678901234567890123]},"Alpha":false,)"
                    R"("variant":"v7","os.version":"7","docker_version":"1.9.1","container":"c")"));
  CHECK(config.bytes == R"({"Alpha":false,"architecture":"arm","container":"c",)"
                        R"("created":"2014-05-13T16:53:20Z","docker_version":"1.9.1",)"
                        R"("history":[{"created":"2014-05-13T16:53:20Z"}],"os":"linux",)"
                        R"("os.version":"7",)"
                        R"("rootfs":{"type":"layers","diff_ids":["sha256:1"]},"variant":"v7",)"
                        R"("zeta":{"b":1,"a":[1.0,1e3,-0,12345678901234567890123]}})");
  CHECK(config.notes == Notes{});
}

TEST_CASE("values keep their text but for white space and what HTML reads") {
  const auto config = convert(image("\"config\" : { \"Env\" : [ \"A=\\u017b\\/ <\", \"B\" ] }"));
  CHECK(config.bytes.find(R"("config":{"Env":["A=\u017b\/ \u003c","B"]})") != std::string::npos);
}

TEST_CASE("members that are null are left out") {
  for (const char* name : {"config", "container_config", "author", "comment", "unknown"}) {
    CAPTURE(name);
    const auto text = image("\"" + std::string(name) + "\": null ");
    CHECK(member(text, name) == "absent");
    CHECK(convert(text).notes == Notes{});
  }
}

TEST_CASE("architecture and system are assumed where they are not told") {
  for (const char* value :
       {"", R"("architecture":null,"os":null,)", R"("architecture":"","os":"",)"}) {
    CAPTURE(value);
    const auto config = convert("{" + std::string(value) + R"("created":"2014-05-13T16:53:20Z"})");
    CHECK(config.notes == Notes{"architecture-assumed", "os-assumed"});
    CHECK(config.bytes.starts_with(R"({"architecture":"amd64",)"));
    CHECK(config.bytes.ends_with(k_tail));
  }
}

TEST_CASE("a time that cannot be read goes, and so does none") {
  for (const char* time : {"\"yesterday\"", "7", "\"2014-02-30T00:00:00Z\""}) {
    CAPTURE(time);
    const auto config =
        convert(R"({"os":"linux","architecture":"arm","created":)" + std::string(time) + "}");
    CHECK(config.notes == Notes{"created-invalid"});
    CHECK(config.bytes == R"({"architecture":"arm","history":[{}])" + k_tail);
  }
  for (const char* rest : {"", R"(,"created":null)", R"(,"created":"")"}) {
    CAPTURE(rest);
    const auto config = convert(R"({"os":"linux","architecture":"arm")" + std::string(rest) + "}");
    CHECK(config.notes == Notes{"created-missing"});
    CHECK(config.bytes == R"({"architecture":"arm","history":[{}])" + k_tail);
  }
}

TEST_CASE("times are printed as Go does") {
  struct Row {
    const char *text, *time;
  };
  const std::vector<Row> rows = {
      {"2014-05-13T16:53:20Z", "2014-05-13T16:53:20Z"},
      {"2014-05-13T16:53:20.120Z", "2014-05-13T16:53:20.12Z"},
      {"2014-05-13T16:53:20.000Z", "2014-05-13T16:53:20Z"},
      {"2014-05-13T16:53:20.123456789987Z", "2014-05-13T16:53:20.123456789Z"},
      {"2014-05-13T16:53:20.1+00:00", "2014-05-13T16:53:20.1Z"},
      {"2014-05-13T16:53:20-00:00", "2014-05-13T16:53:20Z"},
      {"2014-05-13T16:53:20-07:00", "2014-05-13T16:53:20-07:00"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"2012-02-29T23:59:59Z", "2012-02-29T23:59:59Z"},
      {"2013-02-29T00:00:00Z", ""},
      {"2014-13-01T00:00:00Z", ""},
      {"2014-00-01T00:00:00Z", ""},
      {"2014-05-13T24:00:00Z", ""},
      {"2014-05-13T00:60:00Z", ""},
      {"2014-05-13T16:53:60Z", ""},
      {"2014-05-13t16:53:20Z", ""},
      {"2014-05-13T16:53:20z", ""},
      {"2014-05-13 16:53:20Z", ""},
      {"2014-05-13T16:53:20", ""},
      {"2014-05-13T16:53:20.Z", ""},
      {"2014-05-13T16:53:20,5Z", ""},
      {"2014-05-13T16:53:20+0700", ""},
      {"2014-05-13T16:53:20+7:00", ""},
      {"2014-05-13T16:53:20Z ", ""},
      {" 2014-05-13T16:53:20Z", ""},
      {"2014-5-13T16:53:20Z", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(normalize_time(row.text) == row.time);
  }
}

TEST_CASE("commands of one text become lists of one word") {
  const auto config = convert(image(R"("config":{"Cmd":"sh -c x","Env":["A"],"Entrypoint":"/e"},)"
                                    R"("container_config":{"Cmd":"make it"})"));
  CHECK(config.notes == Notes{"Cmd-wrapped", "Entrypoint-wrapped"});
  CHECK(config.bytes.find(R"("config":{"Cmd":["sh -c x"],"Env":["A"],"Entrypoint":["/e"]},)"
                          R"("container_config":{"Cmd":["make it"]})") != std::string::npos);
  CHECK(config.bytes.find(R"("created_by":"make it")") != std::string::npos);
}

TEST_CASE("members of a wrong type are dropped") {
  for (const char* name : {"author", "comment", "docker_version", "container"}) {
    CAPTURE(name);
    const auto text = image("\"" + std::string(name) + "\":[1]");
    CHECK(member(text, name) == "absent");
    CHECK(convert(text).notes == Notes{std::string(name) + "-dropped"});
  }
  for (const char* name : {"config", "container_config"}) {
    for (const char* value : {"[]", "1", "\"text\""}) {
      CAPTURE(name);
      const auto text = image("\"" + std::string(name) + "\":" + value);
      CHECK(member(text, name) == "absent");
      CHECK(convert(text).notes == Notes{std::string(name) + "-dropped"});
    }
  }
}

TEST_CASE("the command of a step is told only if it is made of words") {
  struct Row {
    const char *command, *rest;
  };
  const std::vector<Row> rows = {{R"(["a","b  c"])", R"(,"created_by":"a b  c"}])"},
                                 {"[]", "}]"},
                                 {R"([""])", "}]"},
                                 {"null", "}]"},
                                 {"[1]", "}]"}};
  for (const auto& row : rows) {
    CAPTURE(row.command);
    const auto text = image(R"("container_config":{"Cmd":)" + std::string(row.command) + "}");
    const auto history = R"("history":[{"created":"2014-05-13T16:53:20Z")" + std::string(row.rest);
    CHECK(convert(text).bytes.find(history) != std::string::npos);
  }
}

TEST_CASE("of two members of one name the last counts, inside of values both stay") {
  const auto bytes =
      convert(image(R"("author":"first","author":"second","config":{"Cmd":["a"],"Cmd":["b"]})"))
          .bytes;
  CHECK(bytes.find(R"("author":"second","config":{"Cmd":["a"],"Cmd":["b"]})") != std::string::npos);
}

TEST_CASE("bytes of no UTF-8 become U+FFFD, everywhere") {
  const auto bytes = convert(image("\"author\":\"Ren\xe9\",\"config\":{\"User\":\"\xe9\"}")).bytes;
  CHECK(bytes.find("\"author\":\"Ren\xef\xbf\xbd\",\"config\":{\"User\":\"\xef\xbf\xbd\"}") !=
        std::string::npos);
  CHECK(bytes.find("[{\"created\":\"2014-05-13T16:53:20Z\",\"author\":\"Ren\xef\xbf\xbd\"}]") !=
        std::string::npos);
}

TEST_CASE("the platform that the user names is that of images that do not tell theirs") {
  const auto convert_for = [](const std::string& members) {
    const auto bytes = convert_config({{"{" + members + "}", "", true}}, {"linux", "arm", "v7"});
    return oci::Config::parse(bytes.bytes, "it").platform.to_string();
  };
  CHECK(convert_for("") == "linux/arm/v7");
  CHECK(convert_for(R"("architecture":"","os":null)") == "linux/arm/v7");
  CHECK(convert_for(R"("architecture":"386")") == "linux/386");
  CHECK(convert_for(R"("os":"plan9")") == "plan9/arm/v7");
  CHECK(convert_for(R"("variant":"v6")") == "linux/arm/v6");
  CHECK(convert_for(R"("architecture":"amd64","os":"windows")") == "windows/amd64");
}

TEST_CASE("what is no JSON object has no config") {
  for (const char* json : {"", "{", "[]", "\"text\"", "{\"a\":NaN}", "{}x"}) {
    CAPTURE(json);
    try {
      convert_config({{image(""), "sha256:1", false}, {json, "sha256:2", false}});
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message() == "the JSON of step 2 of the image is no JSON object");
    }
  }
  CHECK_THROWS_AS(convert_config({}), Error);
}

TEST_CASE(
    "the config that version 0.1 wrote has the members, the layers and the history of its chain") {
  const std::string base_id(64, '1');
  const std::string top_id(64, '2');
  const std::vector<ConvertedStep> chain = {
      {R"({"id":")" + base_id + R"(","created":"2014-01-01T00:00:00Z"})", "sha256:1", false},
      {R"({"id":")" + top_id + R"(","parent":")" + base_id +
           R"(","container_config":{"Cmd":["sh"]},"config":{"Env":["A=b"]},"Size":3,"author":"A"})",
       "sha256:" + std::string(64, 'e'), true},
  };
  const auto text = make_config_of_0_1(chain);
  CHECK(
      text ==
      R"({"container_config":{"Cmd":["sh"]},"config":{"Env":["A=b"]},"author":"A",)"
      R"("architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z",)"
      R"("rootfs":{"type":"layers","diff_ids":["sha256:1"]},)"
      R"("history":[{"created":"2014-01-01T00:00:00Z"},)"
      R"({"created":"1970-01-01T00:00:00Z","author":"A","created_by":"sh","empty_layer":true}]})");
  CHECK_THROWS_AS(make_config_of_0_1({}), Error);
}

TEST_SUITE_END();
