// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/oci/config.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using oci::Config;

namespace {

using Texts = std::vector<std::string>;

const std::string k_diff_id = "sha256:" + std::string(64, 'd');

} // namespace

TEST_SUITE_BEGIN("model/oci/config");

TEST_CASE("what commands show of a config is read") {
  const auto config = Config::parse(
      R"({"created":"2024-01-02T03:04:05Z","author":"me","architecture":"arm","os":"linux",)"
      R"("variant":"v7","os.version":"1.2","os.features":["a","b"],"config":{"User":"1000:1000",)"
      R"("ExposedPorts":{"80/tcp":{},"53/udp":{}},"Env":["A=b","C="],"Entrypoint":["/bin/e"],)"
      R"("Cmd":["-x","y z"],"Volumes":{"/data":{}},"WorkingDir":"/w","Labels":{"k":"v"},)"
      R"("StopSignal":"SIGINT"},"rootfs":{"type":"layers","diff_ids":[")" +
          k_diff_id + R"(",")" + k_diff_id +
          R"("]},"history":[{"created":"2024-01-01T00:00:00Z","created_by":"ADD x","author":"a",)"
          R"("comment":"c"},{"created_by":"ENV A=b","empty_layer":true}]})",
      "the config");
  CHECK(config.platform.to_string() == "linux/arm/v7 (1.2)");
  CHECK(config.platform.os_features == Texts{"a", "b"});
  CHECK(config.created == "2024-01-02T03:04:05Z");
  CHECK(config.author == "me");
  CHECK(config.user == "1000:1000");
  CHECK(config.working_dir == "/w");
  CHECK(config.stop_signal == "SIGINT");
  CHECK(config.entrypoint == Texts{"/bin/e"});
  CHECK(config.command == Texts{"-x", "y z"});
  CHECK(config.environment == Texts{"A=b", "C="});
  CHECK(config.exposed_ports == Texts{"80/tcp", "53/udp"});
  CHECK(config.volumes == Texts{"/data"});
  CHECK(config.labels == std::map<std::string, std::string>{{"k", "v"}});
  REQUIRE(config.diff_ids.size() == 2);
  CHECK(config.diff_ids[1].to_string() == k_diff_id);
  REQUIRE(config.history.size() == 2);
  CHECK(config.history[0].created == "2024-01-01T00:00:00Z");
  CHECK(config.history[0].created_by == "ADD x");
  CHECK(config.history[0].author == "a");
  CHECK(config.history[0].comment == "c");
  CHECK_FALSE(config.history[0].is_empty_layer);
  CHECK(config.history[1].is_empty_layer);
}

TEST_CASE("members that are missing, null or of another type are left out") {
  for (const char* text :
       {"{}", R"({"config":null,"rootfs":null,"history":null})",
        R"({"config":[],"rootfs":[],"history":{}})", R"({"rootfs":{"diff_ids":null}})",
        R"({"created":1,"os":[],"config":{"Env":"A=b","Cmd":7,"Volumes":["/data"],"Labels":[],)"
        R"("ExposedPorts":"80","User":0},"history":[]})"}) {
    CAPTURE(text);
    const auto config = Config::parse(text, "it");
    CHECK(config.platform == oci::Platform{});
    CHECK(config.created.empty());
    CHECK(config.command.empty());
    CHECK(config.environment.empty());
    CHECK(config.exposed_ports.empty());
    CHECK(config.volumes.empty());
    CHECK(config.labels.empty());
    CHECK(config.user.empty());
    CHECK(config.diff_ids.empty());
    CHECK(config.history.empty());
  }
  CHECK(Config::parse(R"({"history":[1,{"empty_layer":"true"}]})", "it").history.size() == 2);
  CHECK_FALSE(Config::parse(R"({"history":[{"empty_layer":1}]})", "it").history[0].is_empty_layer);
}

TEST_CASE("a command line of one text is one word") {
  const auto config = Config::parse(R"({"config":{"Cmd":"/bin/sh -c x","Entrypoint":"/e"}})", "it");
  CHECK(config.command == Texts{"/bin/sh -c x"});
  CHECK(config.entrypoint == Texts{"/e"});
}

TEST_CASE("diff IDs decide, and must be digests") {
  const auto check = [](const char* text, const char* why) {
    CAPTURE(text);
    try {
      Config::parse(text, "the config");
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
    }
  };
  check(R"({"rootfs":{"diff_ids":{}}})", "the config: rootfs.diff_ids is no list");
  check(R"({"rootfs":{"diff_ids":["sha256:1"]}})", "rootfs.diff_ids[0] is no digest: 'sha256:1'");
  check(R"({"rootfs":{"diff_ids":[null]}})", "rootfs.diff_ids[0] is no digest");
  check("[]", "the config is no JSON object");
  check("null", "the config is no JSON object");
  check("", "the config is not JSON");
}

TEST_SUITE_END();
