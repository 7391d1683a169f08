// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/tar.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using test::PiecewiseSource;

namespace {

std::string file(const std::string& name, const std::string& data) {
  return make_tar_header({name, data.size(), 0}) + data +
         std::string(tar_padding_bytes(data.size()), '\0');
}

TarReader reader(const std::string& tar, std::size_t piece = 65'536) {
  return {std::make_unique<PiecewiseSource>(tar, piece), "the archive"};
}

void check_refused(const std::string& tar, const char* why) {
  CAPTURE(why);
  auto archive = reader(tar);
  try {
    while (archive.next()) {
    }
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message().starts_with("the archive: "));
    CHECK(error.message().find(why) != std::string::npos);
  }
}

/// `header` with its checksum made right again.
std::string with_checksum(std::string header) {
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    sum += static_cast<unsigned char>(header[i]);
  }
  std::string text = "000000";
  for (std::size_t i = text.size(); i-- > 0; sum /= 8) {
    text[i] = static_cast<char>('0' + sum % 8);
  }
  return header.replace(148, 8, text + '\0' + ' ');
}

} // namespace

TEST_SUITE_BEGIN("base/tar");

TEST_CASE("names, sizes, data and offsets are read as they were written") {
  const std::string long_name = std::string(90, 'd') + "/" + std::string(200, 'f');
  const auto tar = file("folder/", "") + file("a", "12345") +
                   file(long_name, std::string(1000, 'x')) + make_tar_end();
  for (const auto piece : test::k_pieces) {
    CAPTURE(piece);
    auto archive = reader(tar, piece);
    const auto folder = archive.next();
    REQUIRE(folder);
    CHECK(folder->name == "folder/");
    CHECK(folder->type == '5');
    CHECK(folder->mode == 0755);
    const auto a = archive.next();
    REQUIRE(a);
    CHECK(a->size_bytes == 5);
    CHECK(tar.substr(a->data_offset, 5) == "12345");
    CHECK(test::read_in_pieces(archive.data(), piece) == "12345");
    const auto f = archive.next(); // its data is passed over
    REQUIRE(f);
    CHECK(f->name == long_name);
    CHECK(f->size_bytes == 1000);
    CHECK_FALSE(archive.next());
    CHECK_FALSE(archive.next());
  }
}

TEST_CASE("a file of more than 8 GiB keeps its size") {
  const std::uint64_t size = 9ULL * 1024 * 1024 * 1024;
  auto archive = reader(make_tar_header({"large", size, 0}));
  CHECK(archive.next()->size_bytes == size);
}

TEST_CASE("a header's length depends only on name and size") {
  CHECK(make_tar_header({"a", 0, 0}).size() == 512);
  CHECK(make_tar_header({"a", 5, 123456}).size() == 512);
  CHECK(make_tar_header({std::string(101, 'a'), 0, 0}).size() == 1536);
  CHECK(tar_padding_bytes(0) == 0);
  CHECK(tar_padding_bytes(1) == 511);
  CHECK(tar_padding_bytes(512) == 0);
}

TEST_CASE("an entry is written as it was read, whatever it holds") {
  TarEntry plain;
  plain.name = "plain";
  plain.mode = 04755;
  plain.uid = 1000;
  plain.gid = 100;
  plain.mtime_s = 1'234'567'890;
  plain.user_name = "user";
  plain.group_name = "group";
  CHECK(make_tar_header(plain, {}).size() == 512);
  auto device = plain;
  device.type = '3';
  device.device_major = 5;
  device.device_minor = 1'048'575;
  auto large = plain;
  large.type = '4';
  large.name = std::string(300, 'n') + "/\xc3\xa9";
  large.mtime_s = -5;
  large.uid = 4'000'000'000;
  large.gid = 2'097'152;
  large.user_name = std::string(32, 'u');
  large.group_name = std::string(32, 'g');
  large.device_major = 2'097'152;
  large.device_minor = 4'294'967'295;
  auto link = plain;
  link.type = '2';
  link.link_name = std::string(101, 'l');
  auto file = plain;
  file.size_bytes = 9ULL * 1024 * 1024 * 1024;
  for (const auto& entry : {plain, device, large, link, file}) {
    CAPTURE(entry.name);
    CAPTURE(entry.type);
    auto archive = reader(make_tar_header(entry, {}));
    const auto read = archive.next();
    REQUIRE(read);
    CHECK(read->name == entry.name);
    CHECK(read->link_name == entry.link_name);
    CHECK(read->type == entry.type);
    CHECK(read->size_bytes == entry.size_bytes);
    CHECK(read->mode == entry.mode);
    CHECK(read->uid == entry.uid);
    CHECK(read->gid == entry.gid);
    CHECK(read->mtime_s == entry.mtime_s);
    CHECK(read->user_name == entry.user_name);
    CHECK(read->group_name == entry.group_name);
    CHECK(read->device_major == entry.device_major);
    CHECK(read->device_minor == entry.device_minor);
  }
}

TEST_CASE("extensions go along, and fields are written from the entry") {
  TarEntry entry;
  entry.name = "renamed";
  entry.size_bytes = 3;
  entry.mtime_s = 12;
  const TarExtensions extensions = {{"SCHILY.xattr.security.capability", std::string("\1\0\n=", 4)},
                                    {"mtime", "12.5"},
                                    {"path", "before"},
                                    {"size", "99"},
                                    {"uid", "7"}};
  auto archive = reader(make_tar_header(entry, extensions) + "abc" + std::string(509, '\0') +
                        make_tar_header(entry, {}) + "abc");
  const auto read = archive.next();
  REQUIRE(read);
  CHECK(read->name == "renamed");
  CHECK(read->size_bytes == 3);
  CHECK(read->uid == 0);
  CHECK(read->mtime_s == 12);
  CHECK(archive.extensions() ==
        TarExtensions{{"SCHILY.xattr.security.capability", std::string("\1\0\n=", 4)},
                      {"mtime", "12.5"}});
  CHECK(archive.next()); // has none of its own
  CHECK(archive.extensions().empty());
}

TEST_CASE("links have a target and no data, even with a size") {
  auto header = make_tar_header({"link", 7, 0});
  header[156] = '2';
  header.replace(157, 6, "target");
  auto archive = reader(with_checksum(header) + make_tar_end());
  const auto link = archive.next();
  REQUIRE(link);
  CHECK(link->link_name == "target");
  CHECK(link->size_bytes == 0);
  CHECK_FALSE(archive.next());
}

TEST_CASE("old and GNU headers are understood") {
  auto v7 = make_tar_header({"old", 0, 0});
  v7.replace(257, 8, std::string(8, '\0'));
  v7[156] = '\0';
  auto large = make_tar_header({"numbers", 0, 0});
  large.replace(108, 8,
                std::string("\x80\0\0\0\0\x20\0\0", 8)); // uid 0x200000 in GNU's binary form
  auto archive = reader(with_checksum(v7) + with_checksum(large));
  CHECK(archive.next()->type == '0');
  CHECK(archive.next()->uid == 0x200000);
}

TEST_CASE("data that is not a tar is refused") {
  const auto good = file("a", "12345");
  check_refused("not a tar file at all" + std::string(600, '!'), "checksum");
  auto damaged = good;
  damaged[0] = 'b';
  check_refused(damaged, "checksum");
  for (const std::size_t size : {1U, 511U, 513U, 516U}) {
    check_refused(good.substr(0, size), "ends in the middle");
  }
  auto number = make_tar_header({"a", 0, 0});
  number.replace(124, 4, "zzzz");
  check_refused(with_checksum(number), "number that is none");
  auto negative = make_tar_header({"a", 0, 0});
  negative.replace(124, 12, std::string(12, '\xff'));
  check_refused(with_checksum(negative), "negative size");
  auto pax = make_tar_header({"p", 20, 0});
  pax[156] = 'x';
  check_refused(with_checksum(pax) + "99 path=never ending" + std::string(492, '\0'), "PAX");
  auto huge = make_tar_header({"p", 2 * k_tar_name_limit_bytes, 0});
  huge[156] = 'L';
  check_refused(with_checksum(huge), "extended tar header is larger");
}

TEST_CASE("an archive may end without its zero blocks and without the last padding") {
  auto archive = reader(make_tar_header({"a", 5, 0}) + "12345");
  CHECK(archive.next());
  CHECK_FALSE(archive.next());
  CHECK_FALSE(archive.has_end_mark());
  auto whole = reader(file("a", "12345") + make_tar_end());
  while (whole.next()) {
  }
  CHECK(whole.has_end_mark());
}

TEST_SUITE_END();
