// SPDX-License-Identifier: Apache-2.0
#include "ops/map/map_writer.hpp"
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"
#include "unit/ops/map/map_file.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using test::MapFile;

namespace {

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

TEST_SUITE_BEGIN("ops/map/map_writer");

TEST_CASE("a map shows whole and in order, by mirror, repository and tag") {
  const test::TemporaryFolder folder;
  const auto file = folder / "map";
  {
    MapWriter map(file.string());
    auto other = MapFile::made("a", "1");
    other.to = "docker://other:5000";
    map.add(MapFile::made("team/app", "2.0"));
    map.add(MapFile::made("team/app", "1.0"));
    map.add(MapFile::failed("base", "9"));
    map.add(other);
    CHECK(!std::filesystem::exists(file));
    map.commit();
  }
  CHECK(read_lines(file) == std::vector<std::string>{"docker://new:5000/legacy/ base:9",
                                                     "docker://new:5000/legacy/ team/app:1.0",
                                                     "docker://new:5000/legacy/ team/app:2.0",
                                                     "docker://other:5000 a:1"});
  { MapWriter(file.string()).add(MapFile::made("team/app", "3.0")); } // never committed
  CHECK(read_lines(file).size() == 4);
}

TEST_CASE("a map keeps what an earlier one says of other tags") {
  const test::TemporaryFolder folder;
  const auto file = folder / "map";
  const auto write = [&](const std::vector<MapLine>& lines) {
    MapWriter map(file.string());
    for (const auto& line : lines) {
      map.add(line);
    }
    const auto kept = map.keep_earlier();
    map.commit();
    return kept;
  };
  auto other = MapFile::made("a", "1");
  other.to = "docker://other:5000";
  CHECK(write({MapFile::made("app", "1.0"), MapFile::failed("app", "2.0"), other}) == 0);
  CHECK(write({MapFile::made("app", "2.0"), MapFile::made("app", "0.9")}) == 2);
  CHECK(read_lines(file) == std::vector<std::string>{"docker://new:5000/legacy/ app:0.9",
                                                     "docker://new:5000/legacy/ app:1.0",
                                                     "docker://new:5000/legacy/ app:2.0",
                                                     "docker://other:5000 a:1"});
  CHECK(write({}) == 4);
  std::ofstream(file) << "no map\n";
  CHECK(test::error_of([&] { write({}); }).kind() == ErrorKind::protocol);
  CHECK(read_file(file, 100) == "no map\n");
}

TEST_SUITE_END();
