// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/crc32.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace regctl;
using test::PiecewiseSource;
using test::read_in_pieces;

namespace {

const std::string k_plain = "hello hello hello\n";

template <std::size_t N> std::string bytes(const char (&text)[N]) {
  return {text, N - 1};
}

// clang-format off
// The plain text as bzip2, xz and zstd wrote it.
const std::string k_bzip2 = bytes(
    "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xe5\xb5\xf3\x09\x00\x00\x04\x51\x00\x00"
    "\x10\x40\x00\x02\x44\xa0\x00\x21\xb5\x18\x0c\x02\x90\x69\xc2\xa3\x0b\xb9\x22\x9c"
    "\x28\x48\x72\xda\xf9\x84\x80");
const std::string k_xz = bytes(
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00"
    "\x74\x2f\xe5\xa3\xe0\x00\x11\x00\x0c\x5d\x00\x34\x19\x49\xee\x8d\xe9\x4f\x7e\x21"
    "\x21\xb0\x00\x00\x1f\x01\xd9\xc8\x87\xc1\x43\xc8\x00\x01\x28\x12\xc9\x6a\x62\x8e"
    "\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a");
const std::string k_zstd = bytes(
    "\x28\xb5\x2f\xfd\x04\x58\x6d\x00\x00\x38\x68\x65\x6c\x6c\x6f\x20\x0a\x01\x00\x31"
    "\x4a\x11\xa3\xaa\x74\xce");
// `zstd --long=31` and `xz --lzma2=dict=1536MiB` wrote these: windows of 2 GiB and 1.5 GiB.
const std::string k_long_zstd = bytes(
    "\x28\xb5\x2f\xfd\x04\xa8\x31\x00\x00\x68\x65\x6c\x6c\x6f\x0a\x53\x88\xbd\x91");
const std::string k_large_xz = bytes(
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x25\x00\x00\x00"
    "\x3b\x78\x7b\x41\xe0\x00\x63\x00\x06\x5d\x00\x00\x6e\xa0\x45\x78\x00\x00\x00\x00"
    "\xda\x54\xf3\x4b\x0e\x7c\x6b\xbc\x00\x01\x22\x64\x4a\x56\xeb\xcd\x1f\xb6\xf3\x7d"
    "\x01\x00\x00\x00\x00\x04\x59\x5a");
// What bzip2 made of what bzip2 makes of nothing.
const std::string k_twice_bzip2 = bytes(
    "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xf0\x4f\x96\x25\x00\x00\x04\x6f\xa0\x40"
    "\x00\x00\x80\x00\x60\x12\x00\x40\x10\x00\x40\x10\x00\x40\x00\x20\x00\x21\xa0\x06"
    "\x42\x01\xa6\x9a\x13\x81\x58\x65\x6f\x22\xbc\x5d\xc9\x14\xe1\x42\x43\xc1\x3e\x58"
    "\x94");
// clang-format on

std::string gzip(const std::string& text, std::size_t piece = 65'536) {
  return read_in_pieces(*make_gzip_source(std::make_unique<PiecewiseSource>(text, piece)), piece);
}

std::string unpack(const std::string& packed, std::size_t piece) {
  return read_in_pieces(
      *make_decompressed_source(std::make_unique<PiecewiseSource>(packed, piece), "the layer"),
      piece);
}

void check_damaged(const std::string& packed) {
  for (const auto piece : test::k_pieces) {
    try {
      unpack(packed, piece);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().starts_with("the layer: "));
    }
  }
}

} // namespace

TEST_SUITE_BEGIN("base/compression");

TEST_CASE("every compression is detected by its first bytes and unpacked") {
  struct Row {
    Compression compression;
    std::string packed;
  };
  const Row rows[] = {{Compression::none, k_plain},
                      {Compression::gzip, gzip(k_plain)},
                      {Compression::bzip2, k_bzip2},
                      {Compression::xz, k_xz},
                      {Compression::zstd, k_zstd},
                      {Compression::zstd, bytes("\x5a\x2a\x4d\x18\x02\0\0\0xx") + k_zstd}};
  for (const auto& row : rows) {
    CAPTURE(to_string(row.compression));
    CHECK(detect_compression(as_bytes(row.packed)) == row.compression);
    for (const auto piece : test::k_pieces) {
      CHECK(unpack(row.packed, piece) == k_plain);
    }
  }
}

TEST_CASE("several streams in a row are one") {
  for (const auto& packed : {k_bzip2, k_xz, k_zstd}) {
    for (const auto piece : test::k_pieces) {
      CHECK(unpack(packed + packed + packed, piece) == k_plain + k_plain + k_plain);
    }
  }
}

TEST_CASE("what follows bzip2 data is read and ignored; after xz there may be zero bytes") {
  const auto rest = std::string(200'000, 'x');
  for (const auto piece : test::k_pieces) {
    CHECK(unpack(k_bzip2 + rest, piece) == k_plain);
    CHECK(unpack(k_xz + std::string(8, '\0'), piece) == k_plain);
  }
  const auto source = make_decompressed_source(
      std::make_unique<PiecewiseSource>(k_bzip2 + rest, 7, PiecewiseSource::End::failing), "x");
  CHECK_THROWS_WITH_AS(read_in_pieces(*source, 7), "the test's source failed", Error);
  check_damaged(k_xz + "garbage!");
  check_damaged(k_zstd + "garbage!");
}

TEST_CASE("streams that take much memory are refused") {
  const auto check = [](const std::string& packed, const std::string& why) {
    CHECK_THROWS_WITH_AS(unpack(packed, 65'536), why.c_str(), Error);
  };
  check(k_long_zstd, "the layer: the zstd data takes more than 128 MiB of memory to unpack");
  check(k_large_xz, "the layer: the xz data takes more than 1 GiB of memory to unpack");
}

TEST_CASE("every flipped byte is seen or changes nothing") {
  for (const auto& whole : {k_xz, k_bzip2, k_zstd}) {
    for (std::size_t at = 6; at < whole.size(); ++at) {
      auto flipped = whole;
      flipped[at] ^= 1;
      auto text = k_plain;
      try {
        text = unpack(flipped, 65'536);
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::protocol);
      }
      CHECK(text == k_plain);
    }
  }
}

TEST_CASE("empty and very short data are plain") {
  for (const std::string text : {"", "x", "\x1f", "BZ",
                                 "\xfd"
                                 "7zX"}) {
    CHECK(unpack(text, 7) == text);
  }
}

TEST_CASE("a tar whose first name begins like bzip2 is plain") {
  for (const std::string text : {"BZh", "BZhello", "BZh9.txt", "BZh01AY", "BZh9\x17", "BZh91"}) {
    CAPTURE(text);
    CHECK(detect_compression(as_bytes(text)) == Compression::none);
    CHECK(unpack(text, 7) == text);
  }
}

TEST_CASE("only the outer compression is undone") {
  // bzip2 of the bzip2 of nothing, and gzip of a bzip2.
  const auto empty_bzip2 = bytes("\x42\x5a\x68\x39\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00");
  CHECK(unpack(k_twice_bzip2, 7) == empty_bzip2);
  CHECK(unpack(empty_bzip2, 7).empty());
  CHECK(unpack(gzip(k_bzip2), 7) == k_bzip2);
}

TEST_CASE("a compression bomb is unpacked piece by piece") {
  // 64 MiB of zeros; a reader that stops after the first piece has cost one piece.
  const auto packed = gzip(gzip(std::string(64 * 1024 * 1024, '\0')));
  CHECK(packed.size() < 1000);
  const auto source = make_decompressed_source(
      make_decompressed_source(make_text_source(packed), "outer"), "inner");
  std::vector<std::byte> piece(1000);
  CHECK(source->read(piece) == piece.size());
  CHECK(drain(*source) == 64 * 1024 * 1024 - piece.size());
}

TEST_CASE("several gzip members are one stream; zero bytes after them are padding") {
  const auto packed = gzip("one ") + gzip("") + gzip("two") + std::string(100, '\0');
  for (const auto piece : test::k_pieces) {
    CHECK(unpack(packed, piece) == "one two");
  }
}

TEST_CASE("the optional parts of a gzip header are passed over, in whatever pieces") {
  // Extra bytes, a name, a comment, and the checksum of the header (RFC 1952 section 2.3.1).
  const auto body = gzip("text").substr(10);
  const auto header = bytes("\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x03\x00xyzname\0comment\0");
  Crc32 sum;
  sum.update(as_bytes(header));
  const auto check = std::string{static_cast<char>(sum.value() & 0xffU),
                                 static_cast<char>((sum.value() >> 8U) & 0xffU)};
  const auto packed = header + check + body;
  for (const auto piece : test::k_pieces) {
    CHECK(unpack(packed, piece) == "text");
    CHECK(unpack(packed + packed, piece) == "texttext");
  }
  auto reserved = gzip("text");
  reserved[3] = '\x20';
  check_damaged(reserved);
}

TEST_CASE("truncated and damaged data throw instead of ending") {
  const auto packed = gzip(std::string(10'000, 'x') + k_plain);
  for (const std::size_t size :
       {packed.size() - 1, packed.size() - 8, packed.size() / 2, std::size_t{11}}) {
    check_damaged(packed.substr(0, size));
  }
  for (const std::size_t at : {5U, 1U}) { // in the sum and in the length at the end
    auto flipped = packed;
    flipped[packed.size() - at] ^= 1;
    check_damaged(flipped);
    check_damaged(packed + flipped);
  }
  check_damaged(packed + "garbage");
  for (const auto& whole : {k_xz, k_zstd, k_bzip2}) {
    for (auto size = whole.size() - 1; size > 6; size -= 4) {
      CAPTURE(size);
      check_damaged(whole.substr(0, size));
    }
  }
}

TEST_CASE("equal bytes give equal gzip, in whatever pieces they are read") {
  const auto text = std::string(100'000, 'a') + k_plain;
  const auto packed = gzip(text);
  for (const auto piece : test::k_pieces) {
    CHECK(gzip(text, piece) == packed);
  }
  // No time and no system in the header.
  CHECK(packed.substr(4, 4) == std::string(4, '\0'));
  CHECK(packed[9] == '\xff');
}

TEST_CASE("fast gzip is one stream of several members, whatever the pieces") {
  constexpr std::size_t k_member = 256 * 1024;
  for (const auto size : {std::size_t{0}, std::size_t{1}, k_member - 1, k_member, k_member + 1,
                          3 * k_member + 1000}) {
    CAPTURE(size);
    std::string text;
    while (text.size() < size) {
      text += "line " + std::to_string(text.size()) + "\n";
    }
    text.resize(size);
    const auto packed = read_in_pieces(*make_fast_gzip_source(make_text_source(text)), 65'536);
    CHECK(packed.starts_with("\x1f\x8b"));
    CHECK(packed.size() < size / 2 + 100);
    CHECK(unpack(packed, 65'536) == text);
    for (const auto piece : {std::size_t{7}, std::size_t{300'000}}) {
      const auto source = make_fast_gzip_source(std::make_unique<PiecewiseSource>(text, piece));
      CHECK(read_in_pieces(*source, piece) == packed);
    }
  }
}

TEST_CASE("fast gzip stores members that would not shrink, and compresses the others") {
  constexpr std::size_t k_member = 256 * 1024;
  std::mt19937_64 random(1);
  std::string noise(k_member, '\0');
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
  const std::string letters(k_member, 'a');
  const auto half = noise.substr(0, k_member / 2) + letters.substr(0, k_member / 2);
  const auto text = noise + letters + half;
  const auto packed = read_in_pieces(*make_fast_gzip_source(make_text_source(text)), 65'536);
  CHECK(packed.size() > k_member + k_member / 2);
  CHECK(packed.size() < k_member + k_member / 2 + 10'000);
  CHECK(unpack(packed, 65'536) == text);
}

TEST_CASE("this machine compresses as others do") {
  CHECK(is_gzip_reproducible()); // Debian's zlib; with a fork digests of recompressed layers differ
}

TEST_CASE("an error of the packed source is not reported as damage") {
  const auto packed = gzip(k_plain).substr(0, 12);
  const auto source = make_decompressed_source(
      std::make_unique<PiecewiseSource>(packed, 5, PiecewiseSource::End::failing), "x");
  CHECK_THROWS_WITH_AS(read_in_pieces(*source, 7), "the test's source failed", Error);
}

TEST_SUITE_END();
