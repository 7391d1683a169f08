// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/oci/platform.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using oci::Platform;

namespace {

std::optional<int> distance(const char* image, const char* wanted) {
  return Platform::parse(image).distance_from(Platform::parse(wanted));
}

} // namespace

TEST_SUITE_BEGIN("model/oci/platform");

TEST_CASE("a platform is read in Go's words and in those of other tools") {
  struct Row {
    const char* written;
    const char* read;
  };
  const Row rows[] = {
      {"linux/amd64", "linux/amd64"},
      {"Linux/AMD64", "linux/amd64"},
      {"amd64", "linux/amd64"},
      {"x86_64", "linux/amd64"},
      {"x86-64", "linux/amd64"},
      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v3", "linux/amd64/v3"},
      {"linux/i386", "linux/386"},
      {"i686", "linux/386"},
      {"aarch64", "linux/arm64"},
      {"linux/arm64/v8", "linux/arm64"},
      {"linux/arm64/8", "linux/arm64"},
      {"linux/arm64/v9", "linux/arm64/v9"},
      {"linux/arm", "linux/arm/v7"},
      {"linux/arm/6", "linux/arm/v6"},
      {"armhf", "linux/arm/v7"},
      {"linux/armhf/v6", "linux/arm/v7"},
      {"armel", "linux/arm/v6"},
      {"armv8l", "linux/arm/v8"},
      {"macos/arm64", "darwin/arm64"},
      {"windows/amd64", "windows/amd64"},
      {"ppc64el", "linux/ppc64le"},
      {"riscv64", "linux/riscv64"},
      {"plan9/mips", "plan9/mips"},
      {"linux/new_cpu", "linux/new_cpu"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    CHECK(Platform::parse(row.written).to_string() == row.read);
    CHECK(Platform::parse(row.read).to_string() == row.read);
  }
}

TEST_CASE("other texts are refused with an example") {
  for (const char* text :
       {"", "/", "linux/", "/amd64", "linux//v7", "linux/arm/v7/x", "linux", "windows", "freebsd",
        "adm64", "linux/am d64", "linux/amd64,arm64", "linux/*", "linux/\x1b[31m"}) {
    CAPTURE(text);
    try {
      Platform::parse(text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.hint().find("linux/arm/v7") != std::string::npos);
      CHECK(error.message().find('\x1b') == std::string::npos);
    }
  }
}

TEST_CASE("the host is a Linux with a CPU in Go's words") {
  const auto host = Platform::host();
  CHECK(host.os == "linux");
  CHECK(host == host.normalized());
  CHECK(Platform::parse("host") == host);
  CHECK(host.distance_from(host) == 0);
}

TEST_CASE("an image runs on its CPU and on newer ones of its line") {
  CHECK(distance("linux/amd64", "linux/amd64") == 0);
  CHECK(distance("linux/arm64/v8", "linux/arm64") == 0);
  CHECK(distance("linux/arm", "linux/arm/v7") == 0);
  CHECK(distance("linux/arm/v6", "linux/arm/v7") == 1);
  CHECK(distance("linux/arm/v5", "linux/arm/v8") == 3);
  CHECK(distance("linux/amd64", "linux/amd64/v3") == 2);
  CHECK(distance("linux/arm64/v8.1", "linux/arm64/v8.2") == 1);
  CHECK(distance("linux/arm64", "linux/arm64/v8.2") == 2);
  CHECK(distance("linux/arm64/v9", "linux/arm64/v9.1") == 1);
  CHECK(distance("linux/arm64/v8.6", "linux/arm64/v9.1") == 2);
  CHECK(distance("linux/arm64/v8.5", "linux/arm64/v9") == 1);
  CHECK(distance("linux/arm64", "linux/arm64/v9") == 6);
  CHECK(distance("linux/ppc64le/power9", "linux/ppc64le/power9") == 0);
}

TEST_CASE("an image does not run on older CPUs, others and other systems") {
  const char* const pairs[][2] = {
      {"linux/arm/v7", "linux/arm/v6"},
      {"linux/amd64/v2", "linux/amd64"},
      {"linux/arm64/v8.2", "linux/arm64/v8.1"},
      {"linux/arm64/v8.6", "linux/arm64/v9"},
      {"linux/arm64/v9", "linux/arm64"},
      {"linux/arm64/v9", "linux/arm64/v8.9"},
      {"linux/amd64", "linux/arm64"},
      {"linux/arm64", "linux/arm/v8"},
      {"linux/amd64", "linux/386"},
      {"windows/amd64", "linux/amd64"},
      {"linux/ppc64le/power9", "linux/ppc64le"},
      {"unknown/unknown", "linux/amd64"},
      {"linux/arm/vx", "linux/arm/v7"},
      {"linux/arm/v6.5", "linux/arm/v7"},
      {"linux/arm/v99999999999", "linux/arm/v7"},
      {"linux/arm64/v8.10", "linux/arm64/v9"},
      {"linux/386/softfloat", "linux/amd64"},
  };
  for (const auto& pair : pairs) {
    CAPTURE(pair[0]);
    CAPTURE(pair[1]);
    CHECK_FALSE(distance(pair[0], pair[1]));
  }
}

TEST_CASE("the 32-bit kin of a CPU is the last choice") {
  CHECK(distance("linux/386", "linux/amd64") > distance("linux/amd64", "linux/amd64/v9"));
  CHECK(distance("linux/arm/v8", "linux/arm64") > distance("linux/arm64", "linux/arm64/v9.9"));
  CHECK(distance("linux/arm/v8", "linux/arm64") < distance("linux/arm/v7", "linux/arm64"));
  CHECK(distance("linux/arm/v6", "linux/arm64/v9") > distance("linux/arm/v7", "linux/arm64/v9"));
}

TEST_CASE("an image for Windows is for one build of it, where a build is wanted") {
  const auto windows = [](const char* version) {
    return Platform{"windows", "amd64", "", version};
  };
  CHECK(windows("10.0.17763.1").distance_from(windows("10.0.17763.1234")) == 0);
  CHECK(windows("10.0.17763.1").distance_from(windows("10.0.17763")) == 0);
  CHECK(windows("10.0.17763.1").distance_from(windows("")) == 0);
  CHECK(windows("").distance_from(windows("10.0.17763.1")) == 0);
  CHECK_FALSE(windows("10.0.20348.1").distance_from(windows("10.0.17763.1")));
  CHECK_FALSE(windows("10.0.1").distance_from(windows("10.0.17763")));
  CHECK_FALSE(windows("10").distance_from(windows("10.0.17763")));
  CHECK(windows("10.0.17763.1").to_string() == "windows/amd64 (10.0.17763.1)");
  const Platform other = {"linux", "amd64", "", "6.1"};
  CHECK(other.distance_from({"linux", "amd64", "", "5.10"}) == 0);
}

TEST_CASE("an image that names no system is for Linux") {
  CHECK(Platform{"", "amd64", ""}.distance_from(Platform::parse("linux/amd64")) == 0);
  CHECK_FALSE(Platform{"", "", ""}.distance_from(Platform::parse("linux/amd64")));
}

TEST_CASE("a list of platforms names each once") {
  const auto platforms = oci::parse_platforms("linux/amd64,arm64,linux/arm64/v8,linux/arm/v6");
  REQUIRE(platforms.size() == 3);
  CHECK(platforms[1].to_string() == "linux/arm64");
  CHECK(platforms[2].to_string() == "linux/arm/v6");
  for (const char* text : {"", "amd64,", ",amd64", "amd64,,arm64"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(oci::parse_platforms(text), Error);
  }
}

TEST_SUITE_END();
