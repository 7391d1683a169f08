// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/passage.hpp"
#include "support/memory_repository.hpp"
#include "support/notes.hpp"

#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/chain.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace regctl;
using ops::Asking;
using ops::Portion;
using ops::Prospect;
using test::MemoryRepository;

namespace {

/// A side of one repository, which open() gives away.
class MemorySide final : public ops::Side {
public:
  [[nodiscard]] std::string describe() const override { return "host:5000"; }
  [[nodiscard]] regctl::ops::Model model() const override { return regctl::ops::Model::v1; }
  [[nodiscard]] std::string identity() const override { return describe(); }
  [[nodiscard]] bool is_remote() const override { return is_server; }
  std::vector<std::string> repositories(const ops::InScope&) override { return {}; }
  std::optional<ops::ListedTags> tags(const std::string&) override { return std::nullopt; }
  AnyRepository open(const std::string&) override { return std::move(owned_); }

private:
  std::unique_ptr<MemoryRepository> owned_ = std::make_unique<MemoryRepository>();

public:
  MemoryRepository& repository = *owned_;
  bool is_server = true;
};

std::string id(char digit) {
  return std::string(64, digit);
}

struct Item {
  std::string key;
  std::optional<std::uint64_t> size_bytes;
  bool is_there;
  bool has_rest;
  bool operator==(const Item&) const = default;
};

/// c → b → a at the source.
struct Fixture {
  Fixture() {
    source.repository.add(id('a'), "");
    source.repository.add(id('b'), id('a'));
    source.repository.add(id('c'), id('b'));
  }

  void open() {
    passages =
        std::make_unique<ops::Passages>(session, source, destination, facts, ops::PassageOptions());
    passage = passages->open("team/app", "team/app");
  }

  std::vector<Item> foresee(Asking asking) {
    std::vector<Item> items;
    passage->foresee(id('c'), asking, [&](const Prospect& item) {
      items.push_back({item.key, item.size_bytes, item.is_there, item.has_rest});
      requests += item.requests_to_look + (item.is_there ? 0 : item.requests_to_move);
    });
    return items;
  }

  test::Notes notes;
  ops::Session session{{}, notes};
  MemorySide source;
  MemorySide destination;
  ops::LearntFacts facts{"", ops::is_fact, [](const std::string&) {}};
  std::unique_ptr<ops::Passages> passages;
  std::unique_ptr<ops::Passage> passage;
  std::uint64_t requests = 0;
};

const std::vector<Item> k_chain = {
    {id('c'), 5, false, true}, {id('b'), 5, false, true}, {id('a'), 5, false, true}};

} // namespace

TEST_SUITE_BEGIN("ops/passage/v1_passage");

TEST_CASE_FIXTURE(Fixture, "equal IDs are the same image") {
  open();
  CHECK(passage->is_same(id('a'), id('a')));
  CHECK(!passage->is_same(id('a'), id('b')));
}

TEST_CASE_FIXTURE(Fixture, "a chain is foreseen from the top, reading each image once") {
  open();
  CHECK(foresee(Asking::source) == k_chain);
  CHECK(foresee(Asking::source) == k_chain);
  CHECK(source.repository.find_calls == 3);
  CHECK(destination.repository.find_calls == 0); // a server is not asked
}

TEST_CASE_FIXTURE(Fixture, "without requests, an unknown image ends the forecast") {
  open();
  CHECK(foresee(Asking::nobody) == std::vector<Item>{{id('c'), std::nullopt, false, false}});
  CHECK(source.repository.find_calls == 0);
  passage->study(id('b'), Portion::all);
  facts.put(id('c'), "- 7 " + id('b'));
  auto chain = k_chain;
  chain[0].size_bytes = 7;
  CHECK(foresee(Asking::nobody) == chain);
  CHECK(source.repository.find_calls == 2);
}

TEST_CASE_FIXTURE(Fixture, "images in a storage tree are known to be there") {
  destination.is_server = false;
  destination.repository.add(id('b'), id('a'));
  destination.repository.add(id('a'), "");
  open();
  auto chain = k_chain;
  chain[1].is_there = chain[2].is_there = true;
  CHECK(foresee(Asking::source) == chain);
  CHECK(foresee(Asking::source) == chain);
  CHECK(destination.repository.find_calls == 3);
}

TEST_CASE_FIXTURE(Fixture, "a loop of parents ends, with an incomplete forecast") {
  source.repository.add(id('a'), id('c'));
  open();
  const auto items = foresee(Asking::source);
  CHECK(items.size() == k_max_chain);
  CHECK(items.front().has_rest);
  CHECK(!items.back().has_rest);
}

TEST_CASE_FIXTURE(Fixture, "requests are counted only for remote sides") {
  struct Row {
    bool is_source_remote;
    bool is_destination_remote;
    std::uint64_t tag;
    std::uint64_t removal;
    std::uint64_t items;
  };
  const Row rows[] = {
      {true, true, 5, 2, 3 * 7},
      {true, false, 1, 0, 3 * 2},
      {false, true, 4, 2, 3 * 5},
      {false, false, 0, 0, 0},
  };
  for (const auto& row : rows) {
    Fixture fixture;
    fixture.source.is_server = row.is_source_remote;
    fixture.destination.is_server = row.is_destination_remote;
    fixture.open();
    fixture.foresee(Asking::source);
    CHECK(fixture.passage->requests_of_tag() == row.tag);
    CHECK(fixture.passage->requests_of_removal() == row.removal);
    CHECK(fixture.requests == row.items);
  }
  source.repository.images[id('a')].layer_size_bytes = 0; // an empty layer is not asked for
  open();
  foresee(Asking::source);
  CHECK(requests == 3 * 7 - 1);
}

TEST_CASE_FIXTURE(Fixture, "an image's age is asked for once, and kept for later runs") {
  source.repository.images[id('a')].json =
      R"({"id":")" + id('a') + R"(","created":"1970-01-01T00:01:40Z"})";
  facts.put(id('b'), "7 - -");
  open();
  CHECK(passage->created_at(id('a')) == 100);
  CHECK(passage->created_at(id('a')) == 100);
  CHECK(source.repository.find_calls == 1);
  CHECK(facts.find(id('a')) == "100 5 -");
  CHECK(passage->created_at(id('b')) == 7);
  CHECK(!passage->created_at(id('c'))); // its JSON says none
  CHECK(!passage->created_at(id('d')));
}

TEST_SUITE_END();
