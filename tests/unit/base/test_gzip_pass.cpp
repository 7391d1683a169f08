// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/gzip_pass.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using test::PiecewiseSource;
using test::read_in_pieces;

namespace {

std::string gzip(const std::string& text) {
  return read_in_pieces(*make_gzip_source(make_text_source(text)), 65'536);
}

struct Passed {
  std::string packed;
  std::string unpacked;
  bool has_trailing_bytes = false;
};

/// What passes of `bytes`, which come and are asked for in pieces.
Passed pass_on(const std::string& bytes, std::size_t piece_in, std::size_t piece_out,
               PiecewiseSource::End end = PiecewiseSource::End::clean) {
  GzipPass pass;
  Passed passed;
  const auto source = make_gzip_pass(
      std::make_unique<PiecewiseSource>(bytes, piece_in, end),
      [&](std::span<const std::byte> piece) {
        passed.unpacked.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      },
      pass, "the layer");
  passed.packed = read_in_pieces(*source, piece_out);
  passed.has_trailing_bytes = pass.has_trailing_bytes;
  return passed;
}

/// The words with which `bytes` are refused; empty if they are not.
std::string refusal(const std::string& bytes, std::size_t piece) {
  try {
    pass_on(bytes, piece, 65'536);
    return {};
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    return error.message();
  }
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 40'000; ++i) {
    text += std::to_string(i * 7919);
  }
  return text;
}

} // namespace

TEST_SUITE_BEGIN("base/gzip_pass");

TEST_CASE("the bytes pass unchanged, and are unpacked on their way") {
  const auto text = long_text();
  // The header's flags for a name and a comment.
  const auto named = "\x1f\x8b\x08\x18" + std::string(6, '\0') + "name" + std::string(1, '\0') +
                     "comment" + std::string(1, '\0') + gzip("named").substr(10);
  struct Row {
    std::string packed, text;
  };
  for (const auto& [packed, unpacked] : std::vector<Row>{{gzip("one"), "one"},
                                                         {gzip(""), ""},
                                                         {gzip(text), text},
                                                         {named, "named"},
                                                         {gzip("a") + gzip("") + gzip("b"), "ab"},
                                                         {gzip(text) + gzip(text), text + text}}) {
    for (const auto in : test::k_pieces) {
      for (const auto out : test::k_pieces) {
        const auto passed = pass_on(packed, in, out);
        CHECK(passed.packed == packed);
        CHECK(passed.unpacked == unpacked);
        CHECK_FALSE(passed.has_trailing_bytes);
      }
    }
  }
}

TEST_CASE("bytes behind the last member are left out") {
  const auto packed = gzip("first ") + gzip("second");
  for (const std::string& tail : std::vector<std::string>{
           std::string(1, '\0'), std::string(100'000, '\0'), "x", "text", "\x1f", "\x1f\x8b",
           "\x1f\x8b\x09", "\x1f\x1f\x8b\x08", "x" + gzip("not read"), "\x1f" + gzip("not read")}) {
    CAPTURE(tail.size());
    for (const auto piece : test::k_pieces) {
      const auto passed = pass_on(packed + tail, piece, piece);
      CHECK(passed.packed == packed);
      CHECK(passed.unpacked == "first second");
      CHECK(passed.has_trailing_bytes);
    }
  }
}

TEST_CASE("members that are cut anywhere are refused, or are bytes behind the one before") {
  const auto first = gzip("first");
  const auto second = gzip("second");
  for (const auto piece : test::k_pieces) {
    for (std::size_t i = 0; i < first.size(); ++i) {
      CAPTURE(i);
      // Without its first three bytes it is none at all.
      CHECK(refusal(first.substr(0, i), piece) ==
            (i < 3 ? "" : "the layer: the gzip data ends too early"));
    }
    for (std::size_t i = 1; i < second.size(); ++i) {
      CAPTURE(i);
      const auto cut = first + second.substr(0, i);
      if (i < 3) {
        CHECK(pass_on(cut, piece, piece).has_trailing_bytes);
      } else {
        CHECK(refusal(cut, piece) == "the layer: the gzip data ends too early");
      }
    }
  }
}

TEST_CASE("damaged members are refused") {
  const auto sound = gzip("some text that is damaged");
  for (const auto position : {10UL, 15UL, sound.size() - 8, sound.size() - 4, sound.size() - 1}) {
    CAPTURE(position);
    auto damaged = sound;
    damaged[position] = static_cast<char>(damaged[position] ^ 0x55);
    for (const auto piece : test::k_pieces) {
      CHECK(refusal(damaged, piece).starts_with("the layer: the gzip data "));
      CHECK(refusal(sound + damaged, piece).starts_with("the layer: the gzip data "));
    }
  }
  CHECK(refusal("\x1f\x8b\x08\xff" + std::string(20, 'x'), 7).find("damaged (") !=
        std::string::npos);
}

TEST_CASE("a fault of the source below is passed on") {
  CHECK_THROWS_WITH_AS(pass_on(gzip("one"), 7, 65'536, PiecewiseSource::End::failing),
                       "the test's source failed", Error);
}

TEST_SUITE_END();
