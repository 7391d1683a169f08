// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"
#include "unit/ops/map/map_file.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/map.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using test::MapFile;

namespace {

struct Fixture {
  Fixture() {
    map.add(MapFile::made("team/app", "1.0"));
    map.add(MapFile::made("team/app", "1.0."));
    map.add(MapFile::made("team/base", "latest"));
    map.add(MapFile::made("team/base", "1"));
    map.add(MapFile::failed("team/app", "broken"));
    map.add(MapFile::made("single", "latest"));
  }

  std::string rewrite(const std::string& text, std::size_t piece = 65'536) {
    remarks.clear();
    test::PiecewiseSource source(text, piece);
    test::RecordingSink sink;
    summary = ops::rewrite_references(
        map.name(), options, source, sink, [this](const ops::RemarkedReference& one) {
          remarks.push_back(std::to_string(one.line) + ": " + one.text + " " + one.remark);
        });
    return sink.text;
  }

  MapFile map;
  ops::RewriteOptions options;
  std::vector<std::string> remarks;
  ops::RewriteSummary summary;
};

std::string digest(const std::string& tag) {
  return oci::Digest::of(tag).to_string();
}

struct Row {
  std::string text;
  std::string rewritten; ///< "": as it was
};

} // namespace

TEST_SUITE_BEGIN("ops/rewrite");

TEST_CASE_FIXTURE(Fixture, "references are found in every kind of text") {
  const Row rows[] = {
      {"FROM old:5000/team/app:1.0 AS build\r\n", "FROM new:5000/legacy/team/app:1.0 AS build\r\n"},
      {"COPY --from=old:5000/team/app:1.0 /a /b", "COPY --from=new:5000/legacy/team/app:1.0 /a /b"},
      {"image: \"old:5000/team/app:1.0\" # ours", "image: \"new:5000/legacy/team/app:1.0\" # ours"},
      {"image: 'OLD:5000/team/app:1.0'", "image: 'new:5000/legacy/team/app:1.0'"},
      {"{image: old:5000/team/app:1.0}", "{image: new:5000/legacy/team/app:1.0}"},
      {"{\"image\":\"old:5000/team/app:1.0\"}", "{\"image\":\"new:5000/legacy/team/app:1.0\"}"},
      {"image: ${IMAGE:-old:5000/team/app:1.0}", "image: ${IMAGE:-new:5000/legacy/team/app:1.0}"},
      {"image: ${IMAGE-old:5000/team/app:1.0}", "image: ${IMAGE-new:5000/legacy/team/app:1.0}"},
      {"image: ${IMAGE:+old:5000/team/app:1.0}", "image: ${IMAGE:+new:5000/legacy/team/app:1.0}"},
      {"image: ${IMAGE+old:5000/team/app:1.0}", "image: ${IMAGE+new:5000/legacy/team/app:1.0}"},
      {"${A_1:-${b2-old:5000/team/app:1.0}}", "${A_1:-${b2-new:5000/legacy/team/app:1.0}}"},
      {"${" + std::string(200, 'V') + "-old:5000/team/app:${TAG}}",
       "${" + std::string(200, 'V') + "-new:5000/legacy/team/app:${TAG}}"},
      {"image: old:5000/team/app:${TAG}", "image: new:5000/legacy/team/app:${TAG}"},
      {"image: old:5000/team/app:1-$ARCH", "image: new:5000/legacy/team/app:1-$ARCH"},
      {"image: old:5000/team/app:{{ .tag }}", "image: new:5000/legacy/team/app:{{ .tag }}"},
      {"old:5000/team/app:<tag>", "new:5000/legacy/team/app:<tag>"},
      {"repository: old:5000/team/app\n  tag: 1.0",
       "repository: new:5000/legacy/team/app\n  tag: 1.0"},
      {"old:5000/single", "new:5000/legacy/single"},
      {"old:5000/library/single:latest", "new:5000/legacy/single:latest"},
      {"skopeo copy docker://old:5000/team/app:1.0",
       "skopeo copy docker://new:5000/legacy/team/app:1.0"},
      {"old:5000/team/base:1, old:5000/team/base",
       "new:5000/legacy/team/base:1, new:5000/legacy/team/base"},
      {"We use old:5000/team/base:1.", "We use new:5000/legacy/team/base:1."},
      {"We use old:5000/team/base.", "We use new:5000/legacy/team/base."},
      {"old:5000/team/app:1.0.", "new:5000/legacy/team/app:1.0."},
      {"old:5000/team/base: the base", "new:5000/legacy/team/base: the base"},
      {"<code>old:5000/team/app:1.0</code>", "<code>new:5000/legacy/team/app:1.0</code>"},
      {"\xEF\xBB\xBFold:5000/team/base", "\xEF\xBB\xBFnew:5000/legacy/team/base"},
      {std::string(200'000, 'x') + " old:5000/team/base",
       std::string(200'000, 'x') + " new:5000/legacy/team/base"},
  };
  for (const auto& row : rows) {
    const auto& text = row.text;
    CAPTURE(text);
    for (const std::size_t piece : {1U, 7U, 65'536U}) {
      CHECK(rewrite(text, piece) == row.rewritten);
      CHECK(remarks == std::vector<std::string>());
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "other words stay, and nothing is said of them") {
  const std::string rows[] = {
      "http://old:5000/team/app:1.0",
      "xold:5000/team/app:1.0",
      "x.old:5000/team/app:1.0",
      "x-old:5000/team/app:1.0",
      "user@old:5000/team/app",
      "/old:5000/team/app",
      "old:50001/team/app:1.0",
      "old:5000.example/team/app",
      "older:5000/team/app",
      "${PREFIX}old:5000/team/app:1.0",
      "\xC3\xA9old:5000/team/app",
      "old:500",
      "team/app:1.0",
      "new:5000/team/app:1.0",
      "",
      "$old:5000/team/app",
      "$IMAGE-old:5000/team/app:1.0",
      "${-old:5000/team/app:1.0}",
      "{IMAGE+old:5000/team/app:1.0}",
      "${A.B-old:5000/team/app:1.0}",
  };
  for (const auto& text : rows) {
    CAPTURE(text);
    CHECK(rewrite(text) == text);
    CHECK(remarks == std::vector<std::string>());
    CHECK(summary.replaced + summary.left == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "what is not found stays, and is told with its line") {
  const std::pair<std::string, std::string> rows[] = {
      {"a\n\nold:5000/team/gone:1.0\n", "3: old:5000/team/gone:1.0 is not in the map"},
      {"old:5000/team/app:2.0", "1: old:5000/team/app:2.0 is not in the map"},
      {"old:5000/team/app:broken", "1: old:5000/team/app:broken failed when the map was made"},
      {"registry: old:5000\n", "1: old:5000 is a registry without an image"},
      {"old:5000/team/", "1: old:5000/team/ names no image"},
      {"old:5000/${NAME}:1", "1: old:5000/ names no image"},
      {"old:5000/team/app@sha256:00",
       "1: old:5000/team/app has a digest, and the old registry has none"},
      {"old:5000/team/app:1.0@x",
       "1: old:5000/team/app:1.0 has a digest, and the old registry has none"},
      {"old:5000/team/app${SUFFIX}", "1: old:5000/team/app goes on like no reference"},
      {"old:5000/team/app:1.0?x=1", "1: old:5000/team/app:1.0 goes on like no reference"},
      {"old:5000/team/app:1.0:ro", "1: old:5000/team/app:1.0 goes on like no reference"},
  };
  for (const auto& row : rows) {
    const auto& text = row.first;
    CAPTURE(text);
    for (const std::size_t piece : {1U, 65'536U}) {
      CHECK(rewrite(text, piece) == text);
      CHECK(remarks == std::vector<std::string>{row.second});
      CHECK(summary.left == 1);
    }
  }
  const auto endless = "old:5000/" + std::string(10'000, 'x');
  CHECK(rewrite(endless) == endless);
  CHECK(summary.left == 1);
}

TEST_CASE_FIXTURE(Fixture, "pinned references have digests for tags") {
  options.pin = true;
  const std::string pinned = "new:5000/legacy/team/app@" + digest("team/app:1.0");
  CHECK(rewrite("FROM old:5000/team/app:1.0\n") == "FROM " + pinned + "\n");
  CHECK(rewrite("FROM old:5000/team/base") ==
        "FROM new:5000/legacy/team/base@" + digest("team/base:latest"));
  CHECK(summary.replaced == 1);
  CHECK(remarks == std::vector<std::string>());
  CHECK(rewrite("FROM old:5000/team/app") == "FROM old:5000/team/app");
  CHECK(remarks ==
        std::vector<std::string>{"1: old:5000/team/app has no tag, and latest is not in the map"});
  CHECK(rewrite("\nimage: old:5000/team/app:$TAG") == "\nimage: new:5000/legacy/team/app:$TAG");
  CHECK(remarks ==
        std::vector<std::string>{"2: old:5000/team/app: is not pinned: its tag is a variable"});
  CHECK(summary.not_pinned == 1);
  for (const std::string key : {"repository: ", "  repository:   \"", "\"imageRepository\": \""}) {
    CHECK(rewrite(key + "old:5000/team/base\"") == key + "new:5000/legacy/team/base\"");
    CHECK(remarks == std::vector<std::string>{
                         "1: old:5000/team/base is not pinned: its tag stands elsewhere"});
  }
  auto kept = MapFile::failed("team/app", "kept"); // what it is made of could not be read
  kept.outcome = "kept";
  map.add(kept);
  CHECK(rewrite("old:5000/team/app:kept") == "new:5000/legacy/team/app:kept");
  CHECK(summary.not_pinned == 1);
}

TEST_CASE_FIXTURE(Fixture, "the registries may have other names in the text") {
  options.old_hosts = {"Registry.Example"};
  options.new_host = "hub.example";
  CHECK(rewrite("registry.example/team/app:1.0 old:5000/team/app:1.0") ==
        "hub.example/legacy/team/app:1.0 hub.example/legacy/team/app:1.0");
  CHECK(rewrite("registry.example:5000/team/app:1.0") == "registry.example:5000/team/app:1.0");
}

TEST_CASE_FIXTURE(Fixture, "a map between storages needs the names of registries") {
  MapFile trees;
  auto line = MapFile::made("team/app", "1.0");
  line.from = "v1-storage:/old";
  line.to = "v2-storage:/new";
  trees.add(line);
  const auto run = [&] {
    test::PiecewiseSource source("old/team/app:1.0", 100);
    test::RecordingSink sink;
    ops::rewrite_references(trees.name(), options, source, sink, [](const auto&) {});
    return sink.text;
  };
  CHECK_THROWS_WITH_AS(run(), doctest::Contains("which is no registry"), const Error&);
  options.new_host = "new:5000";
  CHECK_THROWS_WITH_AS(run(), doctest::Contains("is not of a registry but of a storage"),
                       const Error&);
  options.old_hosts = {"old"};
  CHECK(run() == "new:5000/legacy/team/app:1.0");
}

TEST_CASE_FIXTURE(Fixture, "a repository that became two is refused") {
  auto other = MapFile::made("team/app", "1.0");
  other.to = "docker://other:5000";
  map.add(other);
  CHECK_THROWS_WITH_AS(rewrite(""), doctest::Contains("and at other:5000/legacy/team/app"),
                       const Error&);
}

TEST_SUITE_END();
