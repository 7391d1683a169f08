// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using namespace regctl::oci;

namespace {

Descriptor referrer(const std::string& content) {
  return {.media_type = std::string(k_oci_manifest),
          .digest = Digest::of(content),
          .size_bytes = content.size(),
          .artifact_type = "application/x.sbom"};
}

} // namespace

TEST_SUITE_BEGIN("model/oci/referrers_index");

TEST_CASE("the first referrer makes an index") {
  const auto bytes = add_referrer({}, referrer("one"));
  const auto index = Manifest::parse(bytes, {}, "it");
  CHECK(index.media_type == k_oci_index);
  REQUIRE(index.manifests.size() == 1);
  CHECK(index.manifests[0] == referrer("one"));
}

TEST_CASE("a referrer is added at the end, once, and the rest is kept") {
  const std::string before = R"({"schemaVersion":2,"mediaType":")" + std::string(k_oci_index) +
                             R"(","manifests":[],"annotations":{"a":"b"},"x-unknown":[1]})";
  const auto one = add_referrer(before, referrer("one"));
  const auto two = add_referrer(one, referrer("two"));
  CHECK(add_referrer(two, referrer("one")) == two);
  const auto entries = referrers_in(two);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].digest == Digest::of("one"));
  CHECK(entries[1].digest == Digest::of("two"));
  const auto document = parse_json(two, "it");
  CHECK(document["annotations"]["a"] == "b");
  CHECK(document["x-unknown"][0] == 1);
}

TEST_CASE("an index without a list gets one") {
  const auto bytes = add_referrer(R"({"schemaVersion":2,"mediaType":")" + std::string(k_oci_index) +
                                      R"(","manifests":null})",
                                  referrer("one"));
  CHECK(referrers_in(bytes).size() == 1);
}

TEST_CASE("a referrer is removed, and the bytes stay if there was none") {
  const auto two = add_referrer(add_referrer({}, referrer("one")), referrer("two"));
  CHECK(remove_referrer(two, Digest::of("three")) == two);
  const auto entries = referrers_in(remove_referrer(two, Digest::of("one")));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].digest == Digest::of("two"));
}

TEST_CASE("what is no index is not replaced") {
  const auto image = R"({"schemaVersion":2,"config":{"mediaType":"x","digest":")" +
                     Digest::of("c").to_string() + R"(","size":1},"layers":[]})";
  for (const std::string& text : {image, std::string("{"), std::string("[]")}) {
    CAPTURE(text);
    try {
      static_cast<void>(add_referrer(text, referrer("one")));
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
    }
  }
}

TEST_CASE("a referrer is listed with its artifact type") {
  const auto bytes = R"({"schemaVersion":2,"config":{"mediaType":"application/x.sig","digest":")" +
                     Digest::of("c").to_string() +
                     R"(","size":1},"layers":[],"annotations":{"k":"v"}})";
  const auto document = make_document(bytes, {}, {}, "it");
  const auto descriptor = referrer_descriptor(document, Manifest::parse(bytes, {}, "it"));
  CHECK(descriptor.artifact_type == "application/x.sig");
  CHECK(descriptor.annotations.at("k") == "v");
  CHECK(descriptor.digest == Digest::of(bytes));
}

TEST_SUITE_END();
