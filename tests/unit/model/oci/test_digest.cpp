// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/digest.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using oci::Digest;
using oci::DigestAlgorithm;
using test::read_in_pieces;

namespace {

// FIPS 180-4, of "abc".
const std::string k_sha256_hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string k_sha512_hex = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

} // namespace

TEST_SUITE_BEGIN("model/oci/digest");

TEST_CASE("a digest is an algorithm and the lower-case hex digits that belong to it") {
  const auto shorter = Digest::find("sha256:" + k_sha256_hex);
  REQUIRE(shorter);
  CHECK(shorter->algorithm() == DigestAlgorithm::sha256);
  CHECK(shorter->algorithm_name() == "sha256");
  CHECK(shorter->hex() == k_sha256_hex);
  CHECK(shorter->short_hex() == "ba7816bf8f01");
  CHECK(shorter->to_string() == "sha256:" + k_sha256_hex);
  const auto longer = Digest::find("sha512:" + k_sha512_hex);
  REQUIRE(longer);
  CHECK(longer->algorithm() == DigestAlgorithm::sha512);
  CHECK(longer->algorithm_name() == "sha512");
  CHECK(longer->hex() == k_sha512_hex);
  CHECK(*shorter != *longer);
  CHECK(Digest::find_hex(k_sha256_hex) == shorter);
  CHECK(Digest::find_hex(k_sha512_hex, DigestAlgorithm::sha512) == longer);
  CHECK(!Digest::find_hex(k_sha512_hex));
}

TEST_CASE("nothing else is a digest, and errors say what was none") {
  for (const auto& text :
       {std::string(), k_sha256_hex, std::string("sha256:"), "sha256:" + k_sha512_hex,
        "sha512:" + k_sha256_hex, "SHA256:" + k_sha256_hex, "sha256:" + std::string(64, 'A'),
        "sha256:" + std::string(63, 'a'), "sha256:" + std::string(65, 'a'),
        "sha256-" + k_sha256_hex, " sha256:" + k_sha256_hex, "sha256:" + k_sha256_hex + "\n",
        "sha384:" + std::string(96, 'a'), "md5:" + std::string(32, 'a')}) {
    CAPTURE(text);
    CHECK_FALSE(Digest::find(text));
    CHECK_THROWS_WITH_AS(Digest::parse(text, "layers[1].digest"),
                         doctest::Contains("layers[1].digest is no digest: '"), Error);
  }
  try {
    Digest::parse("sha256:\x1b[31m", "it");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message().find('\x1b') == std::string::npos);
  }
}

TEST_CASE("digests are computed at once or piece by piece, by both algorithms") {
  CHECK(Digest::of("abc").to_string() == "sha256:" + k_sha256_hex);
  CHECK(Digest::of("abc", DigestAlgorithm::sha512).to_string() == "sha512:" + k_sha512_hex);
  oci::Digester digester(DigestAlgorithm::sha512);
  digester.update(as_bytes("a"));
  digester.update(as_bytes("bc"));
  CHECK(digester.finish().hex() == k_sha512_hex);
}

TEST_CASE("a verified source holds its bytes against a digest of either algorithm") {
  for (const auto algorithm : {DigestAlgorithm::sha256, DigestAlgorithm::sha512}) {
    const auto digest = Digest::of("abc", algorithm);
    const auto good = oci::make_verified_source(make_text_source("abc"), digest, 3, "blob");
    CHECK(read_in_pieces(*good, 2) == "abc");
    const auto of_any_size =
        oci::make_verified_source(make_text_source("abc"), digest, std::nullopt, "blob");
    CHECK(read_in_pieces(*of_any_size, 2) == "abc");
    const auto changed =
        oci::make_verified_source(make_text_source("abd"), digest, std::nullopt, "blob");
    CHECK_THROWS_WITH_AS(read_in_pieces(*changed, 2), doctest::Contains("blob has checksum"),
                         Error);
    const auto cut = oci::make_verified_source(make_text_source("ab"), digest, 3, "blob");
    CHECK_THROWS_WITH_AS(read_in_pieces(*cut, 2), doctest::Contains("ended after 2 of 3"), Error);
  }
}

TEST_SUITE_END();
