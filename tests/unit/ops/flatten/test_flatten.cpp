// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flatten.hpp"
#include "ops/flatten/image_files.hpp"
#include "ops/flatten/layer_files.hpp"
#include "tars.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace regctl;
using ops::FlatLayer;
using namespace test_tars;

namespace {

class TextSink final : public Sink {
public:
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text;
};

FlatLayer layer(const std::string& tar) {
  return {[tar] { return make_text_source(tar + make_tar_end()); }, "a layer"};
}

/// The entries of an image, as they are listed for comparisons.
std::vector<ops::FileEntry> listed(const std::vector<std::string>& tars) {
  const auto records = std::make_shared<RecordFile>();
  std::vector<SortedRecords> layers;
  for (const auto& tar : tars) {
    layers.push_back(
        ops::read_layer_content(*make_text_source(tar + make_tar_end()), "a layer", records).files);
  }
  ops::ImageFilesReader reader(ops::make_image_files(layers, records));
  std::vector<ops::FileEntry> entries;
  while (auto next = reader.next()) {
    entries.push_back(*std::move(next));
  }
  return entries;
}

/// The layers' tars, the base first, as one. The listing of the layers, which is made in another
/// way, has to be that of the result.
std::string flattened(const std::vector<std::string>& tars) {
  std::vector<FlatLayer> layers;
  for (const auto& tar : tars) {
    layers.push_back(layer(tar));
  }
  TextSink sink;
  ops::flatten(layers, sink);
  CHECK(listed(tars) == listed({sink.text.substr(0, sink.text.size() - make_tar_end().size())}));
  return sink.text;
}

/// One line for each entry, in their order: "a=content", "b/ 755", "c -> target", "d hard a".
std::vector<std::string> lines_of(const std::string& tar) {
  std::vector<std::string> lines;
  TarReader reader(make_view_source(tar), "the result");
  while (const auto entry = reader.next()) {
    switch (entry->type) {
    case '0':
      lines.push_back(entry->name + "=" + read_text(reader.data(), 1 << 20, "x"));
      break;
    case '1':
      lines.push_back(entry->name + " hard " + entry->link_name);
      break;
    case '2':
      lines.push_back(entry->name + " -> " + entry->link_name);
      break;
    default:
      lines.push_back(entry->name + " " + (entry->mode == 0755 ? "755" : "other"));
    }
  }
  CHECK(reader.has_end_mark());
  return lines;
}

using Lines = std::vector<std::string>;

Lines flat(const std::vector<std::string>& tars) {
  return lines_of(flattened(tars));
}

void check_refused(const std::vector<std::string>& tars, ErrorKind kind, const char* why) {
  CAPTURE(why);
  try {
    flattened(tars);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK_MESSAGE(error.message().find(why) != std::string::npos, error.message());
  }
}

} // namespace

TEST_SUITE_BEGIN("ops/flatten/flatten");

TEST_CASE("files of higher layers replace those below") {
  CHECK(flat({file("a", "1") + file("b", "1"), file("b", "2"), file("c", "3")}) ==
        Lines{"c=3", "b=2", "a=1"});
  CHECK(flat({}).empty());
  CHECK(flat({"", ""}).empty());
  CHECK(flat({file("./a", "1"), file("/a", "2")}) == Lines{"a=2"});
}

TEST_CASE("whiteouts remove files and folders from the layers below, and are not in the result") {
  const auto base = folder("d/") + file("d/x", "1") + folder("d/e/") + file("d/e/y", "1") +
                    file("keep", "1") + file("dd", "1");
  CHECK(flat({base, whiteout("d/.wh.x")}) ==
        Lines{"d/e/y=1", "keep=1", "dd=1", "d/e/ 755", "d/ 755"});
  CHECK(flat({base, whiteout(".wh.d")}) == Lines{"keep=1", "dd=1"});
  CHECK(flat({base, whiteout("d/.wh.e")}) == Lines{"d/x=1", "keep=1", "dd=1", "d/ 755"});
  CHECK(flat({base, whiteout(".wh.nothing")}).size() == 6);
}

TEST_CASE("a whiteout says nothing of its own layer, wherever it stands there") {
  CHECK(flat({file("a", "1"), whiteout(".wh.a") + file("a", "2")}) == Lines{"a=2"});
  CHECK(flat({file("a", "1"), file("a", "2") + whiteout(".wh.a")}) == Lines{"a=2"});
  const auto base = folder("d/") + file("d/x", "1");
  CHECK(flat({base, folder("d/", 0700) + file("d/y", "2") + whiteout(".wh.d")}) ==
        Lines{"d/y=2", "d/ other"});
}

TEST_CASE("what was removed may come again above") {
  CHECK(flat({file("a", "1"), whiteout(".wh.a"), file("a", "3")}) == Lines{"a=3"});
  CHECK(flat({folder("d/") + file("d/x", "1"), whiteout(".wh.d"),
              folder("d/") + file("d/y", "3")}) == Lines{"d/y=3", "d/ 755"});
}

TEST_CASE("an opaque folder hides what the layers below have in it, but not itself") {
  const auto base = folder("d/", 0700) + file("d/x", "1") + folder("d/e/") + file("f", "1");
  CHECK(flat({base, whiteout("d/.wh..wh..opq") + file("d/y", "2")}) ==
        Lines{"d/y=2", "f=1", "d/ other"});
  CHECK(flat({base, file("d/y", "2") + whiteout("d/.wh..wh..opq")}) ==
        Lines{"d/y=2", "f=1", "d/ other"});
  CHECK(flat({base, whiteout(".wh..wh..opq") + file("y", "2")}) == Lines{"y=2"});
}

TEST_CASE("a folder has the attributes of the highest layer with an entry for it") {
  CHECK(flat({folder("d/", 0700) + file("d/x", "1"), folder("d/") + file("d/y", "2")}) ==
        Lines{"d/y=2", "d/x=1", "d/ 755"});
  CHECK(flat({folder("d/", 0700), file("d/y", "2")}) == Lines{"d/y=2", "d/ other"});
}

TEST_CASE("folders come last, each behind what is in it") {
  CHECK(flat({folder("a/") + folder("a/b/") + file("a/b/c", "1") + folder("a.x/") +
              folder("./")}) == Lines{"a/b/c=1", "a/b/ 755", "a.x/ 755", "a/ 755", "./ 755"});
}

TEST_CASE("files replace folders, and folders files") {
  CHECK(flat({folder("d/") + file("d/x", "1"), file("d", "2")}) == Lines{"d=2"});
  CHECK(flat({file("d", "1"), folder("d/") + file("d/x", "2")}) == Lines{"d/x=2", "d/ 755"});
  CHECK(flat({folder("d/") + file("d/x", "1"), file("d", "2"), folder("d/")}) == Lines{"d/ 755"});
  CHECK(flat({folder("d/") + file("d/x", "1"), soft_link("d", "e"), folder("d/")}) ==
        Lines{"d/ 755"});
}

TEST_CASE("a folder that a layer only implies is one") {
  CHECK(flat({soft_link("lib", "usr/lib"), file("lib/x", "2")}) == Lines{"lib/x=2"});
  CHECK(flat({folder("lib/", 0700), file("lib/x", "2")}) == Lines{"lib/x=2", "lib/ other"});
  // In one layer a file may lie behind a link.
  CHECK(flat({soft_link("lib", "usr/lib") + file("lib/x", "1")}) ==
        Lines{"lib -> usr/lib", "lib/x=1"});
}

TEST_CASE("hard links stay links to what shows") {
  CHECK(flat({file("a", "1") + hard_link("b", "a")}) == Lines{"a=1", "b hard a"});
  CHECK(flat({file("./a", "1") + hard_link("./b", "/a")}) == Lines{"a=1", "b hard a"});
  CHECK(flat({file("a", "1") + hard_link("b", "a") + hard_link("c", "b")}) ==
        Lines{"a=1", "b hard a", "c hard b"});
}

TEST_CASE("a link has its file's content where that was replaced or removed above") {
  const auto base = file("a", "1") + hard_link("b", "a") + hard_link("c", "a");
  CHECK(flat({base, file("a", "2")}) == Lines{"a=2", "b=1", "c hard b"});
  CHECK(flat({base, whiteout(".wh.a")}) == Lines{"b=1", "c hard b"});
  CHECK(flat({base, whiteout(".wh.a") + whiteout(".wh.b")}) == Lines{"c=1"});
  CHECK(flat({base, file("b", "2")}) == Lines{"b=2", "a=1", "c hard a"});
  CHECK(flat({file("a", "1") + hard_link("b", "a") + hard_link("c", "b"), whiteout(".wh.a")}) ==
        Lines{"b=1", "c hard b"});
  CHECK(flat({file("a", "1") + hard_link("b", "a") + hard_link("c", "b"),
              whiteout(".wh.a") + whiteout(".wh.b")}) == Lines{"c=1"});
  CHECK(flat({soft_link("a", "x") + hard_link("b", "a"), whiteout(".wh.a")}) == Lines{"b -> x"});
}

TEST_CASE("a link to a file of a lower layer comes behind it") {
  CHECK(flat({file("a", "1"), hard_link("b", "a")}) == Lines{"a=1", "b hard a"});
  CHECK(flat({file("a", "1"), "", hard_link("b", "a") + hard_link("c", "b"), file("z", "4")}) ==
        Lines{"z=4", "a=1", "b hard a", "c hard a"});
  CHECK(flat({file("a", "1"), hard_link("b", "a"), hard_link("c", "b")}) ==
        Lines{"a=1", "b hard a", "c hard a"});
}

TEST_CASE("a link to a lower layer's file has that content, whatever came later") {
  CHECK(flat({file("a", "1"), hard_link("b", "a"), file("a", "3")}) == Lines{"a=3", "b=1"});
  CHECK(flat({file("a", "1"), hard_link("b", "a"), whiteout(".wh.a")}) == Lines{"b=1"});
  CHECK(flat({file("a", "1"), hard_link("b", "a") + whiteout(".wh.a")}) == Lines{"b=1"});
  CHECK(flat({file("a", "1"), hard_link("b", "a") + file("a", "2")}) == Lines{"a=2", "b=1"});
  CHECK(flat({file("a", "0"), file("a", "1"), hard_link("b", "a")}) == Lines{"a=1", "b hard a"});
  CHECK(flat({file("a", "0") + hard_link("b", "a"), file("a", "2"), hard_link("c", "b"),
              file("b", "3")}) == Lines{"b=3", "a=2", "c=0"});
  CHECK(flat({file("a", "1") + file("b", "2"), hard_link("a", "b") + hard_link("b", "a")}) ==
        Lines{"a=2", "b hard a"});
  CHECK(flat({file("a", "1"), whiteout(".wh.a") + file("a", "2"), hard_link("b", "a")}) ==
        Lines{"a=2", "b hard a"});
}

TEST_CASE("a name that a layer has twice is what it was last") {
  CHECK(flat({file("a", "1"), hard_link("b", "a") + file("b", "2")}) == Lines{"b=2", "a=1"});
  CHECK(flat({file("a", "1") + file("a", "2")}).back() == "a=2");
  check_refused({file("a", "1") + folder("a/")}, ErrorKind::protocol,
                "a layer: 'a' is in it as a file and as a folder");
  check_refused({folder("a/") + file("a", "1")}, ErrorKind::protocol, "as a file and as a folder");
}

TEST_CASE("the files of AUFS are left out, but not what is linked to them") {
  const auto own = folder(".wh..wh.plnk/") + file(".wh..wh.aufs", "") +
                   file(".wh..wh.plnk/1.2", "content") + folder(".wh..wh.orph/");
  CHECK(flat({own + hard_link("a", ".wh..wh.plnk/1.2") + hard_link("b", "/.wh..wh.plnk/1.2")}) ==
        Lines{"a=content", "b hard a"});
  CHECK(flat({own}).empty());
}

TEST_CASE("links to what is no file are refused") {
  const auto kind = ErrorKind::protocol;
  check_refused({hard_link("b", "a")}, kind, "has 'b' as a hard link to 'a', which is no file");
  check_refused({hard_link("b", "b")}, kind, "which is no file");
  check_refused({folder("a/") + hard_link("b", "a")}, kind, "which is no file");
  check_refused({folder("a/"), hard_link("b", "a")}, kind, "which is no file");
  check_refused({file("a", "1"), whiteout(".wh.a"), hard_link("b", "a")}, kind, "which is no file");
  check_refused({file("d/a", "1"), whiteout(".wh.d"), hard_link("b", "d/a")}, kind,
                "which is no file");
  check_refused({file("d/a", "1"), whiteout("d/.wh..wh..opq"), hard_link("b", "d/a")}, kind,
                "which is no file");
  check_refused({file("d/a", "1"), file("d", ""), hard_link("b", "d/a")}, kind, "which is no file");
  check_refused({hard_link("b", "../a")}, kind, "'../a' is no path in an image");
}

TEST_CASE("names that no image may have are refused") {
  const auto kind = ErrorKind::protocol;
  check_refused({file("../a", "1")}, kind, "a layer: '../a' is no path in an image");
  check_refused({file("a/.wh.", "")}, kind, "'a/.wh.' removes no path");
  check_refused({file(".", "1")}, kind, "its root is no folder");
  check_refused({printed(entry('S', "a"))}, ErrorKind::unsupported, "sparse");
  check_refused({printed(entry('0', "a"), "", {{"GNU.sparse.major", "1"}})}, ErrorKind::unsupported,
                "sparse");
  check_refused({"no tar at all" + std::string(600, 'x')}, kind, "a layer: ");
}

TEST_CASE("owners, modes, times, devices and extended attributes are kept") {
  auto written = entry('0', "a");
  written.mode = 06755;
  written.uid = 1000;
  written.gid = 3'000'000;
  written.mtime_s = 1'500'000'000;
  written.user_name = "user";
  const TarExtensions more = {{"SCHILY.xattr.security.capability", std::string("\1\0\2", 3)},
                              {"mtime", "1500000000.25"}};
  auto device = entry('4', "dev/sda");
  device.device_major = 8;
  device.device_minor = 1;
  auto above = entry('5', "dev");
  above.mtime_s = 7;
  const auto tar =
      flattened({printed(written, "data", more) + printed(device) + printed(entry('6', "fifo")) +
                 printed(above, "", {{"SCHILY.xattr.user.x", "y"}})});
  TarReader reader(make_view_source(tar), "the result");
  const auto read = reader.next();
  REQUIRE(read);
  CHECK(read->mode == 06755);
  CHECK(read->uid == 1000);
  CHECK(read->gid == 3'000'000);
  CHECK(read->mtime_s == 1'500'000'000);
  CHECK(read->user_name == "user");
  CHECK(reader.extensions().at("SCHILY.xattr.security.capability") == std::string("\1\0\2", 3));
  CHECK(reader.extensions().at("mtime") == "1500000000.25");
  const auto disk = reader.next();
  REQUIRE(disk);
  CHECK(disk->type == '4');
  CHECK(disk->device_major == 8);
  CHECK(disk->device_minor == 1);
  CHECK(reader.next()->type == '6');
  const auto last = reader.next();
  REQUIRE(last);
  CHECK(last->name == "dev/");
  CHECK(last->mtime_s == 7);
  CHECK(reader.extensions().at("SCHILY.xattr.user.x") == "y");
}

TEST_CASE("a link that carries content has its file's attributes") {
  auto written = entry('0', "a");
  written.mode = 04755;
  const TarExtensions more = {{"SCHILY.xattr.user.x", "y"}};
  const auto tar =
      flattened({printed(written, "data", more) + hard_link("b", "a"), whiteout(".wh.a")});
  TarReader reader(make_view_source(tar), "the result");
  const auto read = reader.next();
  REQUIRE(read);
  CHECK(read->name == "b");
  CHECK(read->mode == 04755);
  CHECK(reader.extensions() == more);
}

TEST_CASE("each layer is opened once, and once more for content that was passed over") {
  std::map<std::string, int> opened;
  const auto counted = [&](const std::string& name, const std::string& tar) {
    return FlatLayer{[&opened, name, tar] {
                       ++opened[name];
                       return make_text_source(tar + make_tar_end());
                     },
                     name};
  };
  TextSink sink;
  ops::flatten(
      {counted("base", file("a", "1") + hard_link("b", "a")), counted("top", file("a", "2"))},
      sink);
  CHECK(opened == std::map<std::string, int>{{"base", 2}, {"top", 1}});
}

TEST_CASE("layers may be packed, and are read to the end of what packs them") {
  TextSink sink;
  bool has_ended = false;
  const auto open = [&]() -> std::unique_ptr<Source> {
    // Like a source that verifies, it has something to say at its end.
    class Watched final : public Source {
    public:
      Watched(std::unique_ptr<Source> source, bool& has_ended)
          : source_(std::move(source)), has_ended_(has_ended) {}
      std::size_t read(std::span<std::byte> out) override {
        const auto n = source_->read(out);
        has_ended_ = n == 0;
        return n;
      }

    private:
      std::unique_ptr<Source> source_;
      bool& has_ended_;
    };
    const auto tar = file("a", "1") + make_tar_end() + std::string(1 << 20, '\0');
    return std::make_unique<Watched>(make_gzip_source(make_text_source(tar)), has_ended);
  };
  ops::flatten({{open, "a layer"}}, sink);
  CHECK(lines_of(sink.text) == Lines{"a=1"});
  CHECK(has_ended);
}

TEST_CASE("a layer of packed nothing has no files") {
  const auto open = [] { return make_gzip_source(make_text_source("")); };
  TextSink sink;
  ops::flatten({{open, "a layer"}}, sink);
  CHECK(lines_of(sink.text).empty());
}

TEST_CASE("a damaged layer is called damaged, not badly packed") {
  const auto whole = [] {
    return make_gzip_source(make_text_source(file("a", std::string(5000, 'x')) + make_tar_end()));
  };
  auto bytes = read_text(*whole(), 1 << 20, "x");
  ExpectedBytes expected;
  expected.sha256_hex = sha256_hex(bytes);
  bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
  TextSink sink;
  for (const auto& damaged : {bytes, bytes.substr(0, bytes.size() / 2), std::string(600, '!')}) {
    const auto open = [&] {
      return make_verified_source(make_text_source(damaged), expected, "the layer");
    };
    CHECK_THROWS_WITH_AS(ops::flatten({{open, "the layer"}}, sink),
                         doctest::Contains("the layer has checksum"), Error);
  }
}

TEST_CASE("a layer that is another one at its second reading is refused") {
  int readings = 0;
  const FlatLayer base = {[&] {
                            return make_text_source((readings++ == 0
                                                         ? file("a", "1") + hard_link("b", "a")
                                                         : file("x", "")) +
                                                    make_tar_end());
                          },
                          "the base"};
  TextSink sink;
  CHECK_THROWS_WITH_AS(ops::flatten({base, layer(whiteout(".wh.a"))}, sink),
                       "the base: is another one when it is read again", Error);
}

// --- against a file system that is made layer by layer ---

namespace {

/// A file system in memory: hard links share their content, which tells them apart.
class Tree {
public:
  void apply(const std::string& tar) {
    std::set<std::string> mine; // of this layer, also implied folders
    std::vector<std::string> whiteouts;
    named_here_.clear();
    TarReader reader(make_view_source(tar), "a layer");
    while (const auto entry = reader.next()) {
      const auto slash = entry->name.rfind('/', entry->name.size() - 2);
      const auto begin = slash == std::string::npos ? 0 : slash + 1;
      const auto last = entry->name.substr(begin);
      if (last.starts_with(".wh.")) {
        make_parents(entry->name, mine); // a whiteout lies in a folder
        whiteouts.push_back(entry->name);
        continue;
      }
      auto name = entry->name;
      if (name.ends_with('/')) {
        name.pop_back();
      }
      make_parents(name, mine);
      put(name, *entry, reader.data());
      mine.insert(name);
      if (entry->type == '5') {
        named_here_.insert(name);
      }
    }
    for (const auto& name : whiteouts) {
      remove_unless_mine(name, mine);
    }
  }

  /// "a=content#1,2", "b/": with all names that share the content.
  [[nodiscard]] std::set<std::string> lines() const {
    std::map<const std::string*, std::string> names;
    for (const auto& [name, file] : files_) {
      if (file) {
        names[file.get()] += name + ",";
      }
    }
    std::set<std::string> lines;
    for (const auto& [name, file] : files_) {
      if (file || shows(name)) {
        lines.insert(file ? name + "=" + *file + "#" + names[file.get()] : name + "/");
      }
    }
    return lines;
  }

  [[nodiscard]] bool has_file(const std::string& name) const {
    const auto found = files_.find(name);
    return found != files_.end() && found->second;
  }

private:
  /// A folder that no layer has an entry for is there for what is in it.
  [[nodiscard]] bool shows(const std::string& folder) const {
    return std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
      const bool is_inside = file.first == folder || file.first.starts_with(folder + "/");
      return is_inside && (file.second || named_folders_.contains(file.first));
    });
  }

  void erase(const std::string& name) {
    files_.erase(name);
    named_folders_.erase(name);
  }

  void make_parents(const std::string& name, std::set<std::string>& mine) {
    for (auto slash = name.find('/'); slash != std::string::npos;
         slash = name.find('/', slash + 1)) {
      const auto parent = name.substr(0, slash);
      if (has_file(parent)) {
        erase(parent);
      }
      files_.emplace(parent, nullptr);
      mine.insert(parent);
    }
  }

  void remove_below(const std::string& name, const std::set<std::string>& mine) {
    remove_if([&](const std::string& path) { return path.starts_with(name + "/"); }, mine);
  }

  void remove_if(const std::function<bool(const std::string&)>& is_removed,
                 const std::set<std::string>& mine) {
    std::erase_if(files_, [&](const auto& file) {
      return is_removed(file.first) && !mine.contains(file.first);
    });
    std::erase_if(named_folders_, [&](const auto& folder) {
      return is_removed(folder) && !(mine.contains(folder) && named_here_.contains(folder));
    });
  }

  void put(const std::string& name, const TarEntry& entry, Source& data) {
    if (entry.type == '5') {
      if (has_file(name)) {
        erase(name);
      }
      files_.emplace(name, nullptr);
      named_folders_.insert(name);
      return;
    }
    const auto content = entry.type == '1'
                             ? files_.at(entry.link_name)
                             : std::make_shared<std::string>(read_text(data, 1 << 20, "x"));
    REQUIRE(content);
    remove_below(name, {});
    named_folders_.erase(name);
    files_[name] = content;
  }

  void remove_unless_mine(const std::string& whiteout, const std::set<std::string>& mine) {
    const auto slash = whiteout.rfind('/');
    const auto folder = slash == std::string::npos ? "" : whiteout.substr(0, slash + 1);
    const auto last = whiteout.substr(folder.size());
    if (last == ".wh..wh..opq") {
      remove_if(
          [&](const std::string& path) { return path.starts_with(folder) && path + "/" != folder; },
          mine);
      return;
    }
    const auto name = folder + last.substr(4);
    remove_if([&](const std::string& path) { return path == name; }, mine);
    remove_below(name, mine);
  }

  std::map<std::string, std::shared_ptr<std::string>> files_; ///< nullptr for a folder
  std::set<std::string> named_here_;                          ///< by the last layer
  std::set<std::string> named_folders_;                       ///< those with an entry of their own
};

/// A layer over `tree` of a few random entries among few names, so that they often meet.
std::string random_layer(std::mt19937& random, const Tree& tree) {
  const auto pick = [&](std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
  };
  const std::vector<std::string> names = {"a", "b", "c", "d/a", "d/b", "d/e/a", "d", "d/e", "f"};
  std::map<std::string, char> mine;
  std::string tar;
  const auto is_free = [&](const std::string& name) {
    for (const auto& [other, type] : mine) {
      if (other == name || other.starts_with(name + "/") ||
          (name.starts_with(other + "/") && type != '5')) {
        return false;
      }
    }
    return true;
  };
  const auto is_folder = [&](const std::string& path) { // or may become one
    return std::none_of(mine.begin(), mine.end(), [&](const auto& entry) {
      return entry.second == '0' && path.starts_with(entry.first + "/");
    });
  };
  for (std::size_t n = 1 + pick(6); n > 0; --n) {
    const auto& name = names[pick(names.size())];
    const auto slash = name.rfind('/');
    const auto parent = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    switch (pick(6)) {
    case 0:
      if (is_folder(parent)) {
        tar += whiteout(parent + ".wh." + name.substr(parent.size()));
        if (!parent.empty()) {
          mine.emplace(parent.substr(0, parent.size() - 1), '5');
        }
      }
      break;
    case 1:
      if (is_folder(name + "/")) {
        tar += whiteout(name + "/.wh..wh..opq");
        mine.emplace(name, '5');
      }
      break;
    case 2:
      if (is_free(name)) {
        tar += folder(name + "/");
        mine[name] = '5';
      }
      break;
    case 3: {
      const auto& target = names[pick(names.size())];
      const auto own = mine.find(target);
      const bool is_there = own != mine.end() ? own->second == '0' : tree.has_file(target);
      bool is_shadowed = false; // by a file of this layer above the target
      for (const auto& [other, type] : mine) {
        is_shadowed =
            is_shadowed || target.starts_with(other + "/") || other.starts_with(target + "/");
      }
      if (is_there && !is_shadowed && target != name && is_free(name) &&
          !target.starts_with(name + "/") && !name.starts_with(target + "/")) {
        tar += hard_link(name, target);
        mine[name] = '0';
      }
      break;
    }
    default:
      if (is_free(name)) {
        tar += file(name, std::to_string(random()));
        mine[name] = '0';
      }
    }
  }
  return tar;
}

} // namespace

TEST_CASE("random layers give the files that they give one over the other") {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Tree tree;
    std::vector<std::string> tars;
    for (int i = 0; i < 5; ++i) {
      tars.push_back(random_layer(random, tree));
      tree.apply(tars.back());
    }
    Tree unpacked;
    unpacked.apply(flattened(tars));
    REQUIRE(unpacked.lines() == tree.lines());
  }
}

TEST_SUITE_END();
