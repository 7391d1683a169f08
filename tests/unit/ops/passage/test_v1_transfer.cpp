// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/passage.hpp"
#include "ops/passage/v1_transfer.hpp"
#include "support/notes.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <future>

using namespace regctl;
using namespace std::chrono_literals;
using ops::V1Route;

namespace {

using Keys = std::vector<std::string>;

std::string id(char digit) {
  return std::string(64, digit);
}

/// c → b → a in one storage tree, on their way to another one.
struct Fixture {
  Fixture() {
    put('a', "");
    put('b', id('a'));
    put('c', id('b'));
  }

  void put(char digit, const std::string& parent) {
    const auto writer = from->write_image(id(digit), 0ms);
    const auto json = R"({"id":")" + id(digit) +
                      (parent.empty() ? "" : R"(","parent":")" + parent) +
                      R"(","created":"1970-01-01T00:01:40Z"})";
    REQUIRE(writer->put_json(json) == V1Storage::ImageWriter::JsonOutcome::stored);
    const auto layer = writer->start_layer();
    layer->write(as_bytes("layer"));
    layer->commit();
    writer->complete();
  }

  std::unique_ptr<ops::Transfer> open(const std::string& tag, char digit) {
    return ops::make_v1_transfer(route, tag, id(digit));
  }

  bool is_there(char digit) { return to->find_image(id(digit)).has_value(); }

  test::TemporaryFolder folder;
  std::shared_ptr<V1Storage> from =
      V1Storage::open((folder / "from").string(), V1Storage::Missing::create);
  std::shared_ptr<V1Storage> to =
      V1Storage::open((folder / "to").string(), V1Storage::Missing::create);
  std::unique_ptr<V1Repository> source = from->repository("team/app");
  std::unique_ptr<V1Repository> destination = to->repository("team/app");
  test::Notes notes;
  ops::Session session{{}, notes};
  ops::ImageCache cache;
  ops::LearntFacts facts{"", ops::is_fact, [](const std::string&) {}};
  V1Route route{session, *source, *destination, cache, facts, {}};
};

} // namespace

TEST_SUITE_BEGIN("ops/passage/v1_transfer");

TEST_CASE_FIXTURE(Fixture, "a chain moves base first, and its tag comes last") {
  const auto transfer = open("1.0", 'c');
  Keys keys;
  for (const auto& item : transfer->items()) {
    CHECK(item.size_bytes == 5);
    keys.push_back(item.key);
  }
  CHECK(keys == Keys{id('a'), id('b'), id('c')});
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto moved = transfer->move(i);
    CHECK(!moved.was_there);
    CHECK(moved.bytes == 5);
  }
  CHECK(is_there('c'));
  CHECK(!to->tags("team/app"));
  transfer->finish();
  CHECK(to->tags("team/app") == V1Tags{{"1.0", id('c')}});
}

TEST_CASE_FIXTURE(Fixture, "images already there are not moved again") {
  const auto first = open("1.0", 'a');
  first->items();
  first->move(0);
  const auto transfer = open("2.0", 'b');
  REQUIRE(transfer->items().size() == 2);
  const auto moved = transfer->move(0);
  CHECK(moved.was_there);
  CHECK(moved.bytes == 0);
  CHECK(!transfer->move(1).was_there);
}

TEST_CASE_FIXTURE(Fixture, "facts about the images are learnt") {
  open("1.0", 'c')->items();
  CHECK(facts.find(id('a')) == "100 5 -");
  CHECK(facts.find(id('c')) == "100 5 " + id('b'));
  CHECK(cache.find(id('b')));
}

TEST_CASE_FIXTURE(Fixture, "an image goes on when another transfer has moved its parent") {
  const auto transfer = open("1.0", 'b');
  transfer->items();
  auto child = std::async(std::launch::async, [&] { return transfer->move(1); });
  const auto other = open("2.0", 'a');
  other->items();
  other->move(0);
  CHECK(child.wait_for(0s) == std::future_status::timeout);
  transfer->moved_elsewhere(0);
  CHECK(!child.get().was_there);
  CHECK(is_there('b'));
}

TEST_CASE_FIXTURE(Fixture, "an image that waits for one that fails ends with its reason") {
  const auto transfer = open("1.0", 'b');
  transfer->items();
  auto child = std::async(std::launch::async, [&] { return transfer->move(1); });
  transfer->abandon(std::make_exception_ptr(Error(ErrorKind::unavailable, "the base is away")));
  try {
    child.get();
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.message() == "the base is away");
  }
  CHECK(!is_there('b'));
}

TEST_CASE_FIXTURE(Fixture, "a transfer that has not begun can be abandoned") {
  open("1.0", 'b')->abandon(std::make_exception_ptr(Error(ErrorKind::unavailable, "away")));
}

TEST_CASE_FIXTURE(Fixture, "a damaged layer is read twice and never complete at the destination") {
  std::ofstream(folder / ("from/images/" + id('a') + "/layer")) << "lAyer";
  const auto transfer = open("1.0", 'a');
  transfer->items();
  try {
    transfer->move(0);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::integrity);
  }
  CHECK(notes.text.find("moving it once more") != std::string::npos);
  CHECK(!is_there('a'));
}

TEST_CASE_FIXTURE(Fixture, "a missing image of the chain is named before any image moves") {
  std::filesystem::remove_all(folder / ("from/images/" + id('a')));
  const auto transfer = open("1.0", 'c');
  CHECK_THROWS_AS(transfer->items(), Error);
  CHECK(!is_there('b'));
}

TEST_SUITE_END();
