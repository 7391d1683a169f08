// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_SUITE_BEGIN("base/hash");

TEST_CASE("sums match FIPS 180-4, in whatever pieces the bytes come") {
  CHECK(regctl::sha256_hex("") ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(regctl::sha256_hex("abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  regctl::Sha256 hasher;
  for (const char* piece : {"a", "", "bc"}) {
    hasher.update(piece);
  }
  CHECK(hasher.finish_hex() == regctl::sha256_hex("abc"));
}

TEST_CASE("the longer sums match FIPS 180-4 too") {
  regctl::Sha512 empty;
  CHECK(empty.finish_hex() == "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                              "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  regctl::Sha512 hasher;
  for (const char* piece : {"a", "", "bc"}) {
    hasher.update(piece);
  }
  CHECK(hasher.finish_hex() == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("hex digits are lower case and of the exact number") {
  CHECK(regctl::is_lower_hex("0af9", 4));
  CHECK_FALSE(regctl::is_lower_hex("0AF9", 4));
  CHECK_FALSE(regctl::is_lower_hex("0af", 4));
  CHECK_FALSE(regctl::is_lower_hex("0afg", 4));
}

TEST_SUITE_END();
