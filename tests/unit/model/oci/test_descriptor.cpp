// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/descriptor.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using oci::Descriptor;

namespace {

const std::string k_digest = "sha256:" + std::string(64, 'a');

Descriptor parse(const std::string& members) {
  return Descriptor::parse(parse_json("{" + members + "}", "it"), "layers[2]");
}

/// A descriptor with one member more.
Descriptor parse_with(const std::string& member) {
  return parse(R"("digest":")" + k_digest + R"(","size":3,)" + member);
}

} // namespace

TEST_SUITE_BEGIN("model/oci/descriptor");

TEST_CASE("all members are read, and written as they were read") {
  const std::string text =
      R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + k_digest +
      R"(","size":9223372036854775807,"urls":["https://a/b"],"annotations":{"k":"v","l":""},)"
      R"("data":"e30=","platform":{"architecture":"amd64","os":"windows","os.version":"10.0.1",)"
      R"("os.features":["win32k"],"variant":"v2"},"artifactType":"text/x"})";
  const auto descriptor = Descriptor::parse(parse_json(text, "it"), "it");
  CHECK(descriptor.media_type == "application/vnd.oci.image.manifest.v1+json");
  CHECK(descriptor.digest.to_string() == k_digest);
  CHECK(descriptor.size_bytes == 9223372036854775807U);
  CHECK(descriptor.urls == std::vector<std::string>{"https://a/b"});
  CHECK(descriptor.annotations == oci::Annotations{{"k", "v"}, {"l", ""}});
  CHECK(descriptor.data == "{}");
  REQUIRE(descriptor.platform);
  CHECK(descriptor.platform->to_string() == "windows/amd64/v2 (10.0.1)");
  CHECK(descriptor.platform->os_features == std::vector<std::string>{"win32k"});
  CHECK(descriptor.artifact_type == "text/x");
  CHECK(descriptor.to_json().dump() == text);
}

TEST_CASE("digest and size alone make a descriptor, and nothing else is written") {
  const auto descriptor = parse(R"("size":0,"digest":")" + k_digest + R"(","annotations":null)");
  CHECK(descriptor == Descriptor{.media_type = "", .digest = oci::Digest::parse(k_digest, "it")});
  CHECK(descriptor.to_json().dump() == R"({"digest":")" + k_digest + R"(","size":0})");
}

TEST_CASE("what decides must be right, and the error names it") {
  const auto check = [](const std::string& members, const char* why) {
    CAPTURE(members);
    try {
      parse(members);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
    }
  };
  const auto digest = R"("digest":")" + k_digest + R"(",)";
  check(R"("size":1)", "layers[2].digest is missing");
  check(R"("digest":null,"size":1)", "layers[2].digest is missing");
  check(R"("digest":7,"size":1)", "layers[2].digest is not a string");
  check(R"("digest":"sha256:12","size":1)", "layers[2].digest is no digest: 'sha256:12'");
  check(digest + R"("x":1)", "layers[2].size is missing");
  for (const char* size : {"-1", "1.5", "1e3", "\"1\"", "true"}) {
    check(digest + "\"size\":" + size, "layers[2].size is not a size");
  }
  check(digest + R"("size":9223372036854775808)", "layers[2].size is too large");
  check(digest + R"("size":1,"data":7)", "layers[2].data is no text");
  for (const char* data : {"e3*=", "e30= ", "e"}) {
    check(digest + R"("size":1,"data":")" + data + "\"", "layers[2].data is not base64");
  }
  for (const char* value : {"[]", "7", "\"x\"", "null"}) {
    CHECK_THROWS_WITH_AS(Descriptor::parse(parse_json(value, "it"), "config"),
                         "config is no object", Error);
  }
}

TEST_CASE("what decides nothing may be of any type") {
  const auto descriptor =
      parse_with(R"("mediaType":1,"urls":{"a":1},"annotations":[1],"platform":"linux",)"
                 R"("artifactType":[],"unknown":{})");
  CHECK(descriptor.media_type.empty());
  CHECK(descriptor.urls.empty());
  CHECK(descriptor.annotations.empty());
  CHECK_FALSE(descriptor.platform);
  CHECK(descriptor.artifact_type.empty());
  CHECK(parse_with(R"("urls":["a",1,null])").urls == std::vector<std::string>{"a"});
  CHECK(parse_with(R"("annotations":{"a":1,"b":"c"})").annotations == oci::Annotations{{"b", "c"}});
}

TEST_CASE("a platform without system and CPU is none") {
  CHECK_FALSE(parse_with(R"("platform":{})").platform);
  CHECK_FALSE(parse_with(R"("platform":{"os":"","architecture":"","variant":"v8"})").platform);
  CHECK(parse_with(R"("platform":{"architecture":"arm"})").platform);
}

TEST_CASE("embedded data may be empty, and null is none") {
  CHECK(parse_with(R"("data":"")").data == "");
  CHECK_FALSE(parse_with(R"("data":null)").data);
}

TEST_CASE("attestations are known by their annotation") {
  CHECK(oci::is_attestation(
      parse_with(R"("annotations":{"vnd.docker.reference.type":"attestation-manifest"})")));
  CHECK_FALSE(
      oci::is_attestation(parse_with(R"("annotations":{"vnd.docker.reference.type":"x"})")));
  CHECK_FALSE(
      oci::is_attestation(parse_with(R"("platform":{"os":"unknown","architecture":"unknown"})")));
}

TEST_SUITE_END();
