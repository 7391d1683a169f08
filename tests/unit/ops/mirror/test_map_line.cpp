// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/map_end.hpp"
#include "ops/mirror/map_writer.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/lines.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

namespace {

std::string id(char digit) {
  return std::string(64, digit);
}

MapLine line(const std::string& repository, const std::string& tag) {
  MadeImage made{id('b'),
                 "application/vnd.oci.image.manifest.v1+json",
                 oci::Digest::of("manifest"),
                 oci::Digest::of("config"),
                 {"recompressed"}};
  made.layers.push_back(
      {id('a'),
       {"sha256:" + id('1'), "sha256:" + id('2')},
       "sha256:" + id('d'),
       oci::Descriptor{"application/vnd.oci.image.layer.v1.tar", oci::Digest::of("layer"), 5}});
  made.layers.push_back({id('b'), {}});
  return {"docker://old:5000",
          "docker://new:5000/legacy/",
          repository,
          "legacy/" + repository,
          tag,
          "copied",
          id('b'),
          std::make_shared<const MadeImage>(made)};
}

MapLine failed(const std::string& repository, const std::string& tag) {
  auto line = ::line(repository, tag);
  line.outcome = "failed";
  line.made = nullptr;
  line.error = Failure{ErrorKind::integrity, "it is damaged", "mend it", {}};
  return line;
}

std::string print(const MapLine& line) {
  return to_json(line).dump();
}

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  LineReader reader(file.string());
  while (const auto text = reader.next()) {
    const auto parsed = parse_map_line(*text, reader.where());
    lines.push_back(parsed.to + " " + parsed.source + ":" + parsed.tag);
  }
  return lines;
}

} // namespace

TEST_SUITE_BEGIN("ops/mirror/map_line");

TEST_CASE("a line is read as it was printed") {
  const auto made = parse_map_line(print(line("team/app", "1.0")), "here");
  CHECK(made.from == "docker://old:5000");
  CHECK(made.destination == "legacy/team/app");
  CHECK(made.id == id('b'));
  REQUIRE(made.made);
  CHECK(*made.made == *line("team/app", "1.0").made);
  CHECK(!made.error);
  const auto lost = parse_map_line(print(failed("team/app", "1.0")), "here");
  CHECK(!lost.made);
  REQUIRE(lost.error);
  CHECK(lost.error->kind == ErrorKind::integrity);
  CHECK(lost.error->message == "it is damaged");
  CHECK(print(lost) == print(failed("team/app", "1.0")));
}

TEST_CASE("what is no line of a map is refused, with its place") {
  const auto good = to_json(line("team/app", "1.0"));
  const auto changed = [&](const char* name, const Json& value) {
    auto other = good;
    other[name] = value;
    return other.dump();
  };
  const std::pair<std::string, std::string> rows[] = {
      {"team/app", "here: it is not JSON"},
      {"[]", "here: tag is not an object"},
      {"{}", "here: tag.from is missing"},
      {changed("tag", "a b"), "here: 'a b' is not a tag"},
      {changed("source", ""), "here: a name is empty"},
      {changed("digest", "md5:1"), "here: tag: digest is no digest"},
      {changed("layers", "none"), "here: tag: layers is not a list"},
      {changed("layers", Json::array({1})), "here: a layer is not an object"},
      {changed("error", "none"), "here: error is not an object"},
  };
  for (const auto& row : rows) {
    const auto& text = row.first;
    CAPTURE(text);
    try {
      parse_map_line(text, "here");
      FAIL("was read");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::protocol);
      CHECK(error.message().find(row.second) != std::string::npos);
    }
  }
}

TEST_CASE("a map shows whole and in order, by mirror, repository and tag") {
  const test::TemporaryFolder folder;
  const auto file = folder / "map";
  {
    MapWriter map(file.string());
    auto other = line("a", "1");
    other.to = "docker://other:5000";
    map.add(line("team/app", "2.0"));
    map.add(line("team/app", "1.0"));
    map.add(failed("base", "9"));
    map.add(other);
    CHECK(!std::filesystem::exists(file));
    map.commit();
  }
  CHECK(read_lines(file) == std::vector<std::string>{"docker://new:5000/legacy/ base:9",
                                                     "docker://new:5000/legacy/ team/app:1.0",
                                                     "docker://new:5000/legacy/ team/app:2.0",
                                                     "docker://other:5000 a:1"});
  { MapWriter(file.string()).add(line("team/app", "3.0")); } // never committed
  CHECK(read_lines(file).size() == 4);
}

TEST_CASE("the registry of an end") {
  CHECK(registry_of_end("docker://old:5000") == "old:5000");
  CHECK(registry_of_end("v1://old:5000/team/") == "old:5000");
  CHECK(registry_of_end("docker://old:5000/team/app:1.0") == "old:5000");
  CHECK(!registry_of_end("v1-storage:/srv/registry"));
}

TEST_SUITE_END();
