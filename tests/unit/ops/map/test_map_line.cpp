// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

using namespace regctl;
using namespace regctl::ops;

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
  line.fault = ImageFault{"layer-cut", id('a')};
  line.rescued = tag + "-rescued";
  return line;
}

std::string print(const MapLine& line) {
  return to_json(line).dump();
}

} // namespace

TEST_SUITE_BEGIN("ops/map/map_line");

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

TEST_CASE("a line has the verdict on what this run converted, and the form") {
  const auto shown = [](const MapLine& line) {
    const auto object = to_json(line);
    return object["verdict"].dump() + object["flavour"].dump();
  };
  auto one = line("team/app", "1.0");
  const auto with = [&](std::set<std::string> notes, const char* outcome) {
    auto made = *one.made;
    made.notes = std::move(notes);
    one.made = std::make_shared<const MadeImage>(made);
    one.outcome = outcome;
    return shown(one);
  };
  CHECK(with({"recompressed", "unverified"}, "copied") == "\"sound\"\"oci\"");
  CHECK(with({"trailing-bytes"}, "updated") == "\"repaired\"\"oci\"");
  CHECK(with({"unverified", "no-end-of-archive"}, "copied") == "\"doubtful\"\"oci\"");
  CHECK(with({}, "kept") == "null\"oci\"");
  auto docker = *one.made;
  docker.media_type = "application/vnd.docker.distribution.manifest.v2+json";
  one.made = std::make_shared<const MadeImage>(docker);
  CHECK(shown(one) == "null\"docker\"");
  CHECK(shown(failed("team/app", "1.0")) == "\"broken\"null");
  CHECK(to_json(line("team/app", "1.0"))["layers"][1]["empty"] == true);
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

TEST_SUITE_END();
