// SPDX-License-Identifier: Apache-2.0
#include "unit/ops/map/map_file.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/map.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl;
using test::MapFile;

namespace {

struct Fixture {
  Fixture() {
    map.add(MapFile::made("team/app", "1.0"));
    map.add(MapFile::made("team/app", "2.0"));
    map.add(MapFile::failed("single", "latest"));
  }

  /// "REPOSITORY:TAG" for each line, with the first digit of the layer's ID if one was found.
  std::string find(const std::string& what) const {
    std::string found;
    try {
      ops::look_up_map(map.name(), what, [&](const auto& line, const auto* layer) {
        found += line.source + ":" + line.tag +
                 (layer == nullptr ? "" : std::string(" layer ") + layer->id.front()) + "\n";
      });
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::not_found);
      return "nothing";
    }
    return found;
  }

  MapFile map;
};

} // namespace

TEST_SUITE_BEGIN("ops/map");

TEST_CASE_FIXTURE(Fixture, "a map is asked by whatever is known") {
  const std::string both = "team/app:1.0\nteam/app:2.0\n";
  const std::string all = both + "single:latest\n"; // the fixture has one ID
  const std::string layers = "team/app:1.0 layer a\nteam/app:2.0 layer a\n";
  const std::pair<std::string, std::string> rows[] = {
      {"team/app", both},
      {"team/app:2.0", "team/app:2.0\n"},
      {"old:5000/team/app", both},
      {"docker://old:5000/team/app:1.0", "team/app:1.0\n"},
      {"new:5000/legacy/team/app:1.0", "team/app:1.0\n"},
      {"legacy/team/app", both},
      {"new:5000/team/app", "nothing"},
      {"other:5000/team/app", "nothing"},
      {"app", "nothing"},
      {"team/app:3.0", "nothing"},
      {"single", "single:latest\n"},
      {"library/single", "single:latest\n"},
      {"old:5000/library/single:latest", "single:latest\n"},
      {std::string(64, 'b'), all},
      {std::string(12, 'b'), all},
      {std::string(11, 'b'), "nothing"},
      {std::string(12, 'a'), layers},
      {"sha256:" + std::string(64, '1'), layers},
      {"sha256:" + std::string(64, 'd'), layers},
      {oci::Digest::of("layer").to_string(), layers},
      {oci::Digest::of("config").to_string(), both},
      {oci::Digest::of("team/app:2.0").to_string(), "team/app:2.0\n"},
      {oci::Digest::of("team/app:2.0").short_hex(), "team/app:2.0\n"},
      {"new:5000/x@" + oci::Digest::of("team/app:2.0").to_string(), "team/app:2.0\n"},
      {"", "nothing"},
  };
  for (const auto& row : rows) {
    const auto& what = row.first;
    CAPTURE(what);
    CHECK(find(what) == row.second);
  }
}

TEST_CASE_FIXTURE(Fixture, "another file is refused") {
  std::ofstream(map.name(), std::ios::app) << "{}\n";
  CHECK_THROWS_AS(ops::look_up_map(map.name(), "team/app", [](const auto&, const auto*) {}),
                  const Error&);
}

TEST_SUITE_END();
