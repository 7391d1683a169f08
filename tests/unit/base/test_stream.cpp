// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace regctl;
using test::PiecewiseSource;
using test::read_in_pieces;

namespace {

std::string sha512_hex(std::string_view text) {
  Sha512 sum;
  sum.update(text);
  return sum.finish_hex();
}

const std::string k_text = "the quick brown fox\njumps over the lazy dog";

std::unique_ptr<Source> pieces(const std::string& text, std::size_t piece) {
  return std::make_unique<PiecewiseSource>(text, piece);
}

} // namespace

TEST_SUITE_BEGIN("base/stream");

TEST_CASE("every source gives all bytes in order, then 0 for ever") {
  for (const auto piece : test::k_pieces) {
    CAPTURE(piece);
    std::string tapped;
    const std::unique_ptr<Source> sources[] = {
        make_text_source(k_text),
        make_concat_source(pieces(k_text.substr(0, 5), piece), pieces(k_text.substr(5), piece)),
        make_tap_source(pieces(k_text, piece),
                        [&](std::span<const std::byte> bytes) {
                          tapped.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                        }),
        make_verified_source(pieces(k_text, piece), {k_text.size(), sha256_hex(k_text), ""}, "x"),
        make_verified_source(pieces(k_text, piece), {k_text.size(), {}, "", sha512_hex(k_text)},
                             "x"),
    };
    for (const auto& source : sources) {
      CHECK(read_in_pieces(*source, piece) == k_text);
      std::byte byte{};
      CHECK(source->read({&byte, 1}) == 0);
      CHECK(source->read({&byte, 1}) == 0);
    }
    CHECK(tapped == k_text);
  }
}

TEST_CASE("a concatenation goes over empty parts") {
  const auto source = make_concat_source(make_text_source(""), make_text_source("b"));
  CHECK(read_in_pieces(*source, 7) == "b");
}

TEST_CASE("a verified source throws instead of ending if its bytes are wrong") {
  struct Row {
    const char* name;
    std::string given;
    ExpectedBytes expected;
    const char* why;
  };
  const Row rows[] = {
      {"changed", "abd", {3, sha256_hex("abc"), ""}, "has checksum sha256:"},
      {"too short", "ab", {3, std::nullopt, ""}, "ended after 2 of 3 bytes"},
      {"too long", "abcd", {3, std::nullopt, ""}, "more than the promised 3 bytes"},
      {"changed, by the longer sum", "abd", {3, {}, "", sha512_hex("abc")}, "checksum sha512:"},
      {"one of two sums",
       "abc",
       {3, sha256_hex("abc"), "", sha512_hex("abd")},
       "has checksum sha512:"},
      {"wrong prefix", "abc", {std::nullopt, sha256_hex("xabc"), "y"}, "has checksum"},
  };
  for (const auto& row : rows) {
    for (const auto piece : test::k_pieces) {
      CAPTURE(row.name);
      CAPTURE(piece);
      const auto source = make_verified_source(pieces(row.given, piece), row.expected, "the blob");
      for (int again = 0; again < 2; ++again) { // whoever reads on must not find an end
        try {
          read_in_pieces(*source, piece);
          FAIL("ended");
        } catch (const Error& error) {
          CHECK(error.kind() == ErrorKind::integrity);
          CHECK(error.message().find(row.why) != std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("the prefix counts towards the sum but not the size") {
  const auto source =
      make_verified_source(make_text_source("abc"), {3, sha256_hex("{}\nabc"), "{}\n"}, "x");
  CHECK(read_in_pieces(*source, 2) == "abc");
}

TEST_CASE("an oversized body fails at its first byte too many") {
  const auto source = make_verified_source(pieces("abcd", 1), {3, std::nullopt, ""}, "x");
  std::byte byte{};
  for (int i = 0; i < 3; ++i) {
    CHECK(source->read({&byte, 1}) == 1);
  }
  CHECK_THROWS_AS(source->read({&byte, 1}), Error);
}

TEST_CASE("pump, drain and read_fully move everything") {
  for (const auto piece : test::k_pieces) {
    PiecewiseSource source(k_text, piece);
    test::RecordingSink sink;
    CHECK(pump(source, sink) == k_text.size());
    CHECK(sink.text == k_text);
    PiecewiseSource drained(k_text, piece);
    CHECK(drain(drained) == k_text.size());
    PiecewiseSource partly(k_text, piece);
    std::byte buffer[10];
    CHECK(read_fully(partly, buffer) == 10);
    PiecewiseSource shorter("abc", piece);
    CHECK(read_fully(shorter, buffer) == 3);
  }
}

TEST_CASE("as many bytes are copied as fit, none of nothing") {
  std::array<std::byte, 4> out{};
  CHECK(copy_some(std::as_bytes(std::span("abc", 3)), out) == 3);
  CHECK(out[2] == std::byte{'c'});
  CHECK(copy_some(std::as_bytes(std::span("abcdef", 6)), out) == 4);
  CHECK(out[3] == std::byte{'d'});
  CHECK(copy_some({}, out) == 0);
  CHECK(copy_some(out, {}) == 0);
}

TEST_CASE("bytes are zero if every one is, and if there are none") {
  for (const std::size_t size : {1U, 7U, 512U}) {
    std::vector<std::byte> bytes(size);
    CHECK(is_zero(bytes));
    for (const auto at : {std::size_t{0}, size / 2, size - 1}) {
      bytes[at] = std::byte{1};
      CHECK_FALSE(is_zero(bytes));
      bytes[at] = std::byte{0};
    }
  }
  CHECK(is_zero({}));
}

TEST_CASE("a document is read up to its limit and not a byte further") {
  PiecewiseSource fits("12345", 2);
  CHECK(read_text(fits, 5, "x") == "12345");
  PiecewiseSource too_long("123456", 2);
  try {
    read_text(too_long, 5, "the list");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message() == "the list is larger than 5 bytes");
  }
}

TEST_CASE("an error of the inner source goes through every decorator") {
  auto failing = std::make_unique<PiecewiseSource>("ab", 1, PiecewiseSource::End::failing);
  const auto source = make_verified_source(
      make_tap_source(std::move(failing), [](std::span<const std::byte>) {}), {}, "x");
  CHECK_THROWS_WITH_AS(read_in_pieces(*source, 7), "the test's source failed", Error);
}

TEST_SUITE_END();
