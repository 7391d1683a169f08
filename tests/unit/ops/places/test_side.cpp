// SPDX-License-Identifier: Apache-2.0
#include "ops/places/side.hpp"
#include "support/failure.hpp"
#include "support/notes.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using namespace regctl::ops;
using test::TemporaryFolder;

using test::failure;

namespace {

using Names = std::vector<std::string>;

struct Fixture {
  std::unique_ptr<Side> source(const std::string& text) {
    return open_source(session, Endpoint::parse(text));
  }

  test::Notes notes;
  ops::Session session{{}, notes};
};

bool everything(const std::string&) {
  return true;
}

} // namespace

TEST_SUITE_BEGIN("ops/places/side");

TEST_CASE("only an end at a registry has a host") {
  const auto host = [](const char* text) {
    const auto found = registry_of(Endpoint::parse(text));
    return found ? found->host : "";
  };
  CHECK(host("old:5000") == "old:5000");
  CHECK(host("old:5000/team/") == "old:5000");
  CHECK(host("old:5000/team/app:1") == "old:5000");
  CHECK(host("v1-storage:/srv/registry") == "");
  CHECK(host("docker-archive:app.tar") == "");
}

TEST_CASE_FIXTURE(Fixture, "a note lists the names that only one of two lists has") {
  struct Row {
    Names one;
    Names other;
    std::string note;
  };
  const Row rows[] = {
      {{}, {}, ""},
      {{"a", "b"}, {"a", "b", "c"}, ""},
      {{"a", "b", "c"}, {"b", "d"}, "2 repositories are in ONE and not in OTHER: a, c\n"},
      {{"a"}, {}, "1 repository is in ONE and not in OTHER: a\n"},
      {{"a", "b", "c", "d"}, {}, "4 repositories are in ONE and not in OTHER: a, b, c, …\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.note);
    notes.text.clear();
    note_difference(notes, row.one, "ONE", row.other, "OTHER", everything);
    CHECK(notes.text == row.note);
  }
  notes.text.clear();
  note_difference(notes, {"a", "b"}, "ONE", {}, "OTHER",
                  [](const std::string& name) { return name == "b"; });
  CHECK(notes.text == "1 repository is in ONE and not in OTHER: b\n");
}

TEST_CASE_FIXTURE(Fixture, "a storage tree lists its repositories and their tags") {
  const TemporaryFolder folder;
  const auto text = "v1-storage:" + folder.path().string();
  CHECK(failure([&] { source(text); }) == ErrorKind::not_found);
  const auto destination =
      open_destination(session, Endpoint::parse(text), Extent::many, Purpose::write);
  CHECK(destination->repositories(everything).empty());
  const auto tag = [&](const std::string& name, const std::string& id) {
    const auto path = folder / ("repositories/" + name);
    std::filesystem::create_directories(path);
    std::ofstream(path / "tag_1.0") << id;
  };
  const std::string id(64, 'a');
  tag("team/app", id);
  tag("library/single", id);
  tag("team/broken", "no ID");
  const auto tree = source(text);
  CHECK(tree->repositories(everything) == Names{"single", "team/app", "team/broken"});
  CHECK(tree->tags("single")->identify_all() == TagListing{{"1.0", id}});
  CHECK(tree->tags("team/app")->identify_all() == TagListing{{"1.0", id}});
  CHECK(tree->tags("team/broken")->identify_all() == TagListing{{"1.0", std::nullopt}});
  CHECK(!tree->tags("team/none"));
  CHECK(tree->identity() == destination->identity());
  CHECK(tree->holds_pushed_layers());
}

TEST_CASE_FIXTURE(Fixture, "an archive lists its images' names without their hosts") {
  const auto archive =
      source(std::string("docker-archive:") + REGCTL_TEST_DATA + "/v1/save-1.5.0.tar");
  const auto names = archive->repositories(everything);
  REQUIRE(names.size() == 1);
  CHECK(names.front() == "team/demo-1.5.0");
  CHECK(archive->tags("team/demo-1.5.0")->contains("1.0"));
  CHECK(!archive->tags("team/none"));
  CHECK(!archive->holds_pushed_layers());
  CHECK(notes.text.empty());
}

TEST_CASE_FIXTURE(Fixture, "a place that cannot be an end is refused") {
  CHECK(failure([&] { source("docker-daemon:app:1"); }) == ErrorKind::unsupported);
  CHECK(failure([&] {
          open_destination(session, Endpoint::parse("docker-archive:new.tar"), Extent::many,
                           Purpose::write);
        }) == ErrorKind::unsupported);
}

TEST_SUITE_END();
