// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/oci/config_difference.hpp>

#include <doctest/doctest.h>

using namespace regctl;

namespace {

/// "os \"linux\" -", with '!' before it if it decides how the image runs.
std::vector<std::string> differences(const std::string& a, const std::string& b) {
  std::vector<std::string> lines;
  for (const auto& found : oci::compare_configs(a, "A", b, "B")) {
    lines.push_back((found.is_run ? "!" : "") + found.name + " " + found.a.value_or("-") + " " +
                    found.b.value_or("-"));
  }
  return lines;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("model/oci/config_difference");

TEST_CASE("members that differ are named, with what decides how the image runs") {
  CHECK(differences(R"({"os":"linux","author":"a","config":{"Cmd":["x"],"User":"u"}})",
                    R"({"config":{"Cmd":["y"],"Tty":true},"os":"linux","author":"b"})") ==
        Lines{R"(author "a" "b")", R"(!config.Cmd ["x"] ["y"])", "!config.Tty - true",
              R"(!config.User "u" -)"});
  CHECK(differences(R"({"os":"linux","variant":"v7"})", R"({"os":"windows","created":"t"})") ==
        Lines{R"(created - "t")", R"(!os "linux" "windows")", R"(!variant "v7" -)"});
}

TEST_CASE("variables and labels are compared one by one") {
  CHECK(differences(R"({"config":{"Env":["A=1","PATH=/bin","A=2"],"Labels":{"x":"1","y":""}}})",
                    R"({"config":{"Env":["PATH=/usr/bin","A=2","B"],"Labels":{"x":"2"}}})") ==
        Lines{R"(!config.Env.B - "")", R"(!config.Env.PATH "/bin" "/usr/bin")",
              R"(!config.Labels.x "1" "2")", R"(!config.Labels.y "" -)"});
}

TEST_CASE("what engines take for none is none, and layers and order make no difference") {
  CHECK(differences(R"({"config":{"Cmd":null,"Tty":false,"User":"","Volumes":{},"Memory":0},
                        "container":"","os":"linux","rootfs":{"diff_ids":["a"]}})",
                    R"({"os":"linux","config":{"OnBuild":[]},"rootfs":{"diff_ids":["b"]}})")
            .empty());
  CHECK(differences(R"({"config":null})", "{}").empty());
  CHECK(differences(R"({"config":{"ExposedPorts":{"1/tcp":{},"2/tcp":{}}}})",
                    R"({"config":{"ExposedPorts":{"2/tcp":{},"1/tcp":{}}}})")
            .empty());
  CHECK(differences(R"({"config":"text"})", "{}") == Lines{R"(!config "text" -)"});
}

TEST_CASE("a config that is no object is refused by its name") {
  CHECK_THROWS_WITH_AS(differences("[]", "{}"), "A is no JSON object", Error);
  CHECK_THROWS_WITH_AS(differences("{}", "{"), doctest::Contains("B is not JSON"), Error);
}

TEST_SUITE_END();
