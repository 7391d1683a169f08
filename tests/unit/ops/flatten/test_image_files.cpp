// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/image_files.hpp"
#include "ops/flatten/layer_files.hpp"
#include "tars.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/ops/file_entry.hpp>

#include <doctest/doctest.h>

// That the listing of layers is that of the tar which flatten() makes of them is tested with
// flatten().

using namespace regctl;
using namespace test_tars;
using ops::FileEntry;

namespace {

std::vector<FileEntry> listed(const std::vector<std::string>& tars) {
  const auto records = std::make_shared<RecordFile>();
  std::vector<SortedRecords> layers;
  for (const auto& tar : tars) {
    layers.push_back(
        ops::read_layer_content(*make_text_source(tar + make_tar_end()), "a layer", records).files);
  }
  ops::ImageFilesReader reader(ops::make_image_files(layers, records));
  std::vector<FileEntry> entries;
  while (auto next = reader.next()) {
    entries.push_back(*std::move(next));
  }
  return entries;
}

/// "a 0", "d 5", "l 1 a": path, type and target.
std::vector<std::string> lines(const std::vector<std::string>& tars) {
  std::vector<std::string> lines;
  for (const auto& entry : listed(tars)) {
    lines.push_back(entry.path + " " + entry.type + (entry.link.empty() ? "" : " " + entry.link));
  }
  return lines;
}

using Lines = std::vector<std::string>;

/// What differs between two images of one entry each: "mode 0644 0600".
Lines changes(const std::string& a, const std::string& b) {
  Lines lines;
  const auto of_a = listed({a}).at(0);
  const auto of_b = listed({b}).at(0);
  for (const auto& change : ops::compare(&of_a, &of_b)) {
    lines.push_back(change.what + " " + change.a + " " + change.b);
  }
  return lines;
}

void check_refused(const std::vector<std::string>& tars, ErrorKind kind, const char* why) {
  CAPTURE(why);
  try {
    listed(tars);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
  }
}

} // namespace

TEST_SUITE_BEGIN("ops/flatten/image_files");

TEST_CASE("a folder comes right before what is in it") {
  CHECK(lines({file("d.x", "1") + file("d/e/y", "1") + folder("d/e/") + file("a", "") +
               folder("./") + folder("d/") + file("d-", "")}) ==
        Lines{" 5", "a 0", "d 5", "d/e 5", "d/e/y 0", "d- 0", "d.x 0"});
}

TEST_CASE("of several hard links the first name is the file, wherever it stands in the layers") {
  const Lines expected = {"a 0", "b 1 a", "d/c 1 a"};
  CHECK(lines({file("a", "1") + hard_link("b", "a") + hard_link("d/c", "a")}) == expected);
  CHECK(lines({file("d/c", "1") + hard_link("a", "d/c") + hard_link("b", "a")}) == expected);
  CHECK(lines({file("b", "1"), hard_link("a", "b"), hard_link("d/c", "a")}) == expected);
  CHECK(lines({file("0", "1") + hard_link("a", "0") + hard_link("b", "a") + hard_link("d/c", "0"),
               whiteout(".wh.0")}) == expected);
  CHECK(lines({file("0", "1") + hard_link("a", "0"), file("0", "2")}) == Lines{"0 0", "a 0"});
  CHECK(lines({file("b", "1"), hard_link("d/b", "b") + hard_link("b", "d/b")}) ==
        Lines{"b 0", "d/b 1 b"});
  CHECK(lines({file("x", "1") + hard_link("f", "x"), whiteout(".wh.x"), hard_link("d/a", "f")}) ==
        Lines{"d/a 0", "f 1 d/a"});
}

TEST_CASE("each attribute that differs is found") {
  const auto base = entry('0', "a");
  const auto with = [&](auto&& change, const TarExtensions& more = {}) {
    auto changed = base;
    change(changed);
    return printed(changed, "data", more);
  };
  const auto same = with([](auto&) {});
  const auto sum = [](const char* text) { return sha256_hex(text); };
  CHECK(changes(same, same).empty());
  CHECK(changes(same, printed(base, "date")) ==
        Lines{"content " + sum("data") + " " + sum("date")});
  CHECK(changes(same, printed(base, "more data")) ==
        Lines{"size 4 9", "content " + sum("data") + " " + sum("more data")});
  CHECK(changes(same, with([](auto& e) { e.mode = 04600; })) == Lines{"mode 0644 4600"});
  CHECK(changes(same, with([](auto& e) { e.mode = 0100644; })).empty()); // with the type's bits
  CHECK(changes(same, with([](auto& e) { e.uid = 1000; })) == Lines{"owner 0:0 1000:0"});
  CHECK(changes(same, with([](auto& e) { e.gid = 7; })) == Lines{"owner 0:0 0:7"});
  CHECK(changes(same, with([](auto& e) { e.mtime_s = 9; })) == Lines{"time 0 9"});
  CHECK(changes(same, with([](auto&) {}, {{"mtime", "0.25"}})) == Lines{"time 0 0.25"});
  CHECK(changes(same, with([](auto&) {}, {{"mtime", "0.000"}})).empty());
  CHECK(changes(same, with([](auto&) {}, {{"atime", "77"}})).empty());
  CHECK(changes(same, with([](auto&) {}, {{"SCHILY.xattr.user.x", "y"}})) ==
        Lines{"xattr user.x  " + sum("y")});
  CHECK(changes(printed(base, "", {{"SCHILY.xattr.user.x", "y"}}),
                printed(base, "", {{"SCHILY.xattr.user.x", "z"}})) ==
        Lines{"xattr user.x " + sum("y") + " " + sum("z")});
  CHECK(changes(same, folder("a/")) == Lines{"type file folder"});
  CHECK(changes(soft_link("a", "x"), soft_link("a", "y")) == Lines{"target x y"});
  auto device = entry('3', "a");
  auto other = device;
  other.device_minor = 3;
  CHECK(changes(printed(device), printed(other)) == Lines{"device 0:0 0:3"});
}

TEST_CASE("of a path that one image has alone all attributes are told") {
  const auto link = listed({soft_link("a", "x")}).at(0);
  std::vector<std::string> lines;
  for (const auto& change : ops::compare(nullptr, &link)) {
    lines.push_back(change.what + "=" + change.a + change.b);
  }
  CHECK(lines == Lines{"type=symlink", "target=x", "mode=0644", "owner=0:0", "time=0"});
  CHECK(ops::compare(&link, nullptr).size() == lines.size());
}

TEST_CASE("links to what is no file are refused, and other layers that flatten() refuses") {
  const auto kind = ErrorKind::protocol;
  check_refused({hard_link("b", "a")}, kind, "has 'b' as a hard link to 'a', which is no file");
  check_refused({hard_link("b", "b")}, kind, "which is no file");
  check_refused({folder("a/"), hard_link("b", "a")}, kind, "which is no file");
  check_refused({file("a", "1"), whiteout(".wh.a"), hard_link("b", "a")}, kind, "which is no file");
  check_refused({file("d/a", "1"), whiteout(".wh.d"), hard_link("b", "d/a")}, kind,
                "which is no file");
  check_refused({file("d/a", "1"), whiteout("d/.wh..wh..opq"), hard_link("b", "d/a")}, kind,
                "which is no file");
  check_refused({hard_link("b", "../a")}, kind, "'../a' is no path in an image");
  check_refused({file("../a", "1")}, kind, "a layer: '../a' is no path in an image");
  check_refused({file("a/.wh.", "")}, kind, "'a/.wh.' removes no path");
  check_refused({file(".", "1")}, kind, "its root is no folder");
  check_refused({printed(entry('S', "a"))}, ErrorKind::unsupported, "sparse");
  CHECK(lines({hard_link("b", "a"), whiteout(".wh.b")}).empty()); // it does not show
}

TEST_CASE("a damaged layer is called damaged, not badly packed") {
  ExpectedBytes expected;
  expected.sha256_hex = sha256_hex("another");
  const auto layer =
      make_verified_source(make_text_source(std::string(600, '!')), expected, "the layer");
  CHECK_THROWS_WITH_AS(ops::read_layer_content(*layer, "the layer", std::make_shared<RecordFile>()),
                       doctest::Contains("the layer has checksum"), Error);
}

TEST_SUITE_END();
