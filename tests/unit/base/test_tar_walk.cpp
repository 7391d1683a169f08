// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/stream.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/base/tar_walk.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using Fault = TarWalk::Fault;

namespace {

constexpr std::size_t k_block = 512;

/// `header` with its checksum made right again.
std::string with_checksum(std::string header, bool is_signed = false) {
  header.replace(148, 8, "        ");
  int sum = 0;
  for (std::size_t i = 0; i < k_block; ++i) {
    sum += is_signed ? static_cast<signed char>(header[i]) : static_cast<unsigned char>(header[i]);
  }
  std::string text = "000000";
  for (std::size_t i = text.size(); i-- > 0; sum /= 8) {
    text[i] = static_cast<char>('0' + sum % 8);
  }
  return header.replace(148, 8, text + '\0' + ' ');
}

/// An entry of this type, whose header tells `size`.
std::string header(char type, std::size_t size, const std::string& name = "name") {
  auto block = make_tar_header({name, size, 0}).substr(0, k_block);
  block[156] = type;
  return with_checksum(block);
}

std::string padded(const std::string& data) {
  return data + std::string(tar_padding_bytes(data.size()), '\0');
}

std::string file(const std::string& name, const std::string& data) {
  return header('0', data.size(), name) + padded(data);
}

std::string zeros(std::size_t count) {
  return std::string(count, '\0');
}

TarWalk walk(const std::string& tar, std::size_t piece = 65'536) {
  TarWalk walk;
  for (std::size_t i = 0; i < tar.size(); i += piece) {
    walk.take(as_bytes(std::string_view(tar).substr(i, piece)));
  }
  walk.finish();
  return walk;
}

void check_sound(const std::string& tar) {
  for (const std::size_t piece : {1UL, 7UL, 512UL, 65'536UL}) {
    CAPTURE(piece);
    const auto walked = walk(tar, piece);
    CHECK(walked.fault() == Fault::none);
    CHECK(walked.problem().empty());
    CHECK_FALSE(walked.is_blank());
    CHECK_FALSE(walked.lacks_end());
    CHECK_FALSE(walked.has_bytes_behind());
  }
}

void check_fault(const std::string& tar, Fault fault, const char* problem) {
  for (const std::size_t piece : {1UL, 7UL, 512UL, 65'536UL}) {
    CAPTURE(piece);
    const auto walked = walk(tar, piece);
    CHECK(walked.fault() == fault);
    CHECK(walked.problem().find(problem) != std::string::npos);
  }
}

} // namespace

TEST_SUITE_BEGIN("base/tar_walk");

TEST_CASE("files, folders, links and long names are followed to the end") {
  const auto end = make_tar_end();
  check_sound(file("a", "12345") + file("b", "") + file("c", std::string(1024, 'x')) + end);
  check_sound(header('5', 0, "folder/") + file("folder/a", "x") + end);
  check_sound(header('L', 200) + padded(std::string(200, 'n')) + file("long", "x") + end);
  check_sound(header('K', 200) + padded(std::string(200, 'n')) + header('2', 0) + end);
  check_sound(file("a", "x") + end + zeros(10'240));
}

TEST_CASE("what has no data has none, whatever its size says") {
  for (const char type : {'1', '2', '3', '4', '5', '6'}) {
    CAPTURE(type);
    check_sound(header(type, 4711) + file("a", "x") + make_tar_end());
  }
}

TEST_CASE("sizes in binary and in a PAX header are read") {
  auto binary = header('0', 0);
  binary.replace(124, 12, "\x80" + zeros(8) + std::string("\x00\x02\x58", 3)); // 600
  check_sound(with_checksum(binary) + padded(std::string(600, 'x')) + make_tar_end());
  const std::string size = "12 size=600\n";
  check_sound(header('x', size.size()) + padded(size) + header('0', 0) +
              padded(std::string(600, 'x')) + make_tar_end());
  const std::string more = "18 path=of size=7\n12 size=600\n";
  check_sound(header('x', more.size()) + padded(more) + header('L', 5) + padded("named") +
              header('0', 0) + padded(std::string(600, 'x')) + file("next", "x") + make_tar_end());
  // A global header holds for no size.
  check_sound(header('g', size.size()) + padded(size) + file("a", "x") + make_tar_end());
}

TEST_CASE("checksums of signed bytes are right too") {
  auto latin = header('0', 0, "cafe");
  latin[3] = '\xe9';
  check_sound(with_checksum(latin, true) + make_tar_end());
  check_sound(with_checksum(latin, false) + make_tar_end());
}

TEST_CASE("sparse files in GNU's old form are followed past their maps, and told") {
  auto sparse = header('S', 600);
  sparse[482] = 1;
  auto map = zeros(k_block);
  map[504] = 1;
  const auto tar = with_checksum(sparse) + map + zeros(k_block) + padded(std::string(600, 'x')) +
                   file("a", "x") + make_tar_end();
  check_sound(tar);
  CHECK(walk(tar).has_gnu_sparse());
  CHECK(walk(header('S', 5) + padded("12345") + make_tar_end()).has_gnu_sparse());
  CHECK_FALSE(walk(file("a", "x") + make_tar_end()).has_gnu_sparse());
}

TEST_CASE("nothing but zeros is blank, and no fault") {
  for (const std::size_t size : {0UL, 1UL, 511UL, 512UL, 1024UL, 10'240UL, 10'241UL}) {
    CAPTURE(size);
    for (const std::size_t piece : {1UL, 1000UL, 65'536UL}) {
      CHECK(walk(zeros(size), piece).is_blank());
    }
  }
  CHECK_FALSE(walk(zeros(1024) + "x").is_blank());
  CHECK_FALSE(walk(header('5', 0, "./") + make_tar_end()).is_blank());
  CHECK_FALSE(walk(header('2', 0) + make_tar_end()).is_blank());
}

TEST_CASE("a missing end is told, and no fault") {
  for (const auto& end : {zeros(0), zeros(k_block), zeros(100)}) {
    const auto walked = walk(file("a", "x") + end);
    CHECK(walked.fault() == Fault::none);
    CHECK(walked.lacks_end());
  }
  CHECK_FALSE(walk(file("a", "x") + zeros(1024)).lacks_end());
  // The last file's data may lack the zeros that fill its block.
  const auto tar = file("a", "12345");
  CHECK(walk(tar.substr(0, k_block + 5)).fault() == Fault::none);
  CHECK(walk(tar.substr(0, k_block + 5)).lacks_end());
}

TEST_CASE("bytes behind the end are told, and no fault") {
  const auto tar = file("a", "x") + make_tar_end();
  for (const std::size_t piece : {1UL, 65'536UL}) {
    CHECK(walk(tar + "x", piece).has_bytes_behind());
    CHECK(walk(tar + zeros(5000) + "x", piece).has_bytes_behind());
    CHECK(walk(tar + file("b", "y"), piece).has_bytes_behind());
    CHECK(walk(tar + "x", piece).fault() == Fault::none);
    CHECK_FALSE(walk(tar + zeros(9999), piece).has_bytes_behind());
  }
}

TEST_CASE("aufs' own entries are told") {
  for (const char* name : {".wh..wh.aufs", "./.wh..wh.aufs", "/.wh..wh.plnk/", ".wh..wh.orph/",
                           "././.wh..wh.plnk/1.2"}) {
    CAPTURE(name);
    CHECK(walk(file(name, "") + make_tar_end()).has_aufs_entry());
  }
  for (const char* name : {".wh.file", ".wh..wh..opq", "a/.wh..wh..opq", "a/.wh..wh.aufs", "x"}) {
    CAPTURE(name);
    CHECK_FALSE(walk(file(name, "") + make_tar_end()).has_aufs_entry());
  }
}

TEST_CASE("what is cut inside a header or a file is cut") {
  const auto tar = file("a", "x") + file("b", std::string(1000, 'y'));
  const auto second = 2 * k_block;
  for (std::size_t i = second + 1; i < tar.size(); ++i) {
    CAPTURE(i);
    const auto fault = walk(tar.substr(0, i)).fault();
    const bool lacks_padding_only = i >= second + k_block + 1000;
    CHECK(fault == (lacks_padding_only ? Fault::none : Fault::cut));
  }
  check_fault(tar.substr(0, second + 300), Fault::cut, "inside a header");
  check_fault(tar.substr(0, second + k_block + 3), Fault::cut, "inside a file");
}

TEST_CASE("what is no tar is refused") {
  check_fault("hello", Fault::not_a_tar, "too short");
  check_fault(std::string(2000, 'x'), Fault::not_a_tar, "the checksum of the header at 0");
  auto wrong = header('0', 0);
  wrong[0] = 'N';
  check_fault(file("a", "x") + wrong, Fault::not_a_tar, "the header at 1024 is wrong");
  auto size = header('0', 0);
  size.replace(124, 12, "not a number");
  check_fault(with_checksum(size), Fault::not_a_tar, "at 0");
  auto huge = header('0', 0);
  huge.replace(124, 12, std::string(12, '\xff'));
  check_fault(with_checksum(huge), Fault::not_a_tar, "at 0");
  check_fault(file("a", "x") + zeros(k_block) + file("b", "y"), Fault::not_a_tar, "one zero block");
  check_fault(file("a", "x") + zeros(k_block) + "y", Fault::not_a_tar, "one zero block");
}

TEST_CASE("a size that no file has is cut, not waited for in memory") {
  auto huge = header('0', 0);
  huge.replace(124, 12, std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12));
  check_fault(with_checksum(huge) + std::string(5000, 'x'), Fault::cut, "inside a file");
  const auto pax = header('x', 50'000'000);
  check_fault(pax + std::string(5000, 'x'), Fault::cut, "inside a file");
}

TEST_SUITE_END();
