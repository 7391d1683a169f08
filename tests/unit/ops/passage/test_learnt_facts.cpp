// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/learnt_facts.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

using namespace regctl;
using ops::LearntFacts;
using test::TemporaryFolder;

namespace {

struct Fixture {
  LearntFacts open() {
    return LearntFacts(
        file,
        [](std::string_view identity, std::string_view text) {
          return identity.size() == 1 && !text.empty();
        },
        [this](const std::string& text) { notes += text + "\n"; });
  }

  void write(const std::string& text) { std::ofstream(file) << text; }

  TemporaryFolder folder;
  std::string file = folder.path() / "deep" / "a--b.state";
  std::string notes;
};

const std::string k_fact = "1400000000 123 b";
const std::string k_bare = "-";

} // namespace

TEST_SUITE_BEGIN("ops/passage/learnt_facts");

TEST_CASE_FIXTURE(Fixture, "facts are there in the next run") {
  {
    auto facts = open();
    facts.put("a", k_fact);
    facts.put("b", k_bare);
    facts.save();
  }
  const auto again = open();
  CHECK(again.find("a") == k_fact);
  CHECK(again.find("b") == k_bare);
  CHECK(!again.find("c"));
  CHECK(notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "two runs at the same time keep the facts of both") {
  auto one = open();
  auto other = open();
  one.put("a", k_fact);
  other.put("b", k_bare);
  one.save();
  other.save();
  const auto again = open();
  CHECK(again.find("a") == k_fact);
  CHECK(again.find("b") == k_bare);
}

TEST_CASE_FIXTURE(Fixture, "invalid lines are ignored and noted") {
  std::filesystem::create_directories(folder.path() / "deep");
  const auto head = "regctl mirror state 1\n";
  struct Row {
    std::string text;
    const char* note;
  };
  const Row rows[] = {
      {"\x7f"
       "ELF\na 1 2 -\n",
       "is not a mirror's state"},
      {head + std::string("a\n"), "has 1 line of no use"},
      {head + std::string("long 1 2 -\na \n"), "has 2 lines of no use"},
      {head + std::string(100'000, 'x'), "longer than"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.note);
    notes.clear();
    write(row.text);
    auto facts = open();
    CHECK(!facts.find("a"));
    CHECK(notes.find(row.note) != std::string::npos);
    facts.save(); // a good file, although nothing was learnt
    CHECK(std::count(notes.begin(), notes.end(), '\n') == 1);
    notes.clear();
    open();
    CHECK(notes.empty());
    facts.put("c", k_fact);
    facts.save();
    CHECK(open().find("c") == k_fact);
  }
}

TEST_CASE_FIXTURE(Fixture, "a folder that cannot be written causes only a note") {
  write("");
  std::ofstream(folder.path() / "deep") << "a file where a folder is wanted";
  auto facts = open();
  facts.put("a", k_fact);
  facts.save();
  CHECK(notes.find("is not kept") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "facts learnt before an interrupt are kept, and those of other runs") {
  auto facts = open();
  auto other = open();
  facts.put("a", k_fact);
  other.put("b", k_bare);
  other.save();
  interrupt();
  facts.save();
  reset_interrupt();
  const auto again = open();
  CHECK(again.find("a") == k_fact);
  CHECK(again.find("b") == k_bare);
  CHECK(notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "a killed run loses nothing that it learnt") {
  {
    auto killed = open();
    killed.put("a", k_fact);
    killed.put("b", k_bare);
    killed.put("a", "1400000000 124 c");
  }
  CHECK(!std::filesystem::exists(file));
  std::ofstream(file + ".new", std::ios::app) << "\nc 140000"; // cut in its line, and yet a fact
  open().put("d", k_bare);
  auto next = open();
  CHECK(next.find("a") == "1400000000 124 c");
  CHECK(next.find("b") == k_bare);
  CHECK(!next.find("c"));
  CHECK(next.find("d") == k_bare);
  next.save();
  CHECK(!std::filesystem::exists(file + ".new"));
  CHECK(open().find("d") == k_bare);
  CHECK(notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "a run that saves takes over what another one goes on to learn") {
  {
    auto other = open();
    other.put("a", k_fact);
    auto one = open();
    one.put("b", k_bare);
    one.save();
    CHECK(open().find("a") == k_fact);
    other.put("c", k_bare); // and is killed
  }
  for (const auto* identity : {"a", "b", "c"}) {
    CHECK(open().find(identity));
  }
}

TEST_CASE("the facts that were not used for the longest time go first") {
  LearntFacts facts("", {}, {});
  for (std::size_t i = 0; i < LearntFacts::k_limit; ++i) {
    facts.put(std::to_string(i), k_bare);
  }
  CHECK(facts.find("0"));
  facts.put("x", k_fact);
  CHECK(facts.find("0"));
  CHECK(!facts.find("1"));
  CHECK(facts.find(std::to_string(LearntFacts::k_limit - 1)));
  CHECK(facts.find("x") == k_fact);
}

TEST_SUITE_END();
