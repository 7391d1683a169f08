// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/state.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

using namespace regctl;
using ops::Endpoint;
using ops::mirror::State;
using test::TemporaryFolder;

namespace {

std::string id(char digit) {
  return std::string(64, digit);
}

struct Fixture {
  State open() {
    return State(file, [this](const std::string& text) { notes += text + "\n"; });
  }

  void write(const std::string& text) { std::ofstream(file) << text; }

  TemporaryFolder folder;
  std::string file = folder.path() / "deep" / "a--b.state";
  std::string notes;
};

const State::Fact k_fact{1'400'000'000, 123, id('b')};
const State::Fact k_bare{std::nullopt, std::nullopt, ""};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/state");

TEST_CASE_FIXTURE(Fixture, "what was learnt is there in the next run") {
  {
    auto state = open();
    state.put(id('a'), k_fact);
    state.put(id('b'), k_bare);
    state.save();
  }
  const auto again = open();
  CHECK(again.find(id('a')) == k_fact);
  CHECK(again.find(id('b')) == k_bare);
  CHECK(!again.find(id('c')));
  CHECK(notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "two runs at once keep what both have learnt") {
  auto one = open();
  auto other = open();
  one.put(id('a'), k_fact);
  other.put(id('b'), k_bare);
  one.save();
  other.save();
  const auto again = open();
  CHECK(again.find(id('a')) == k_fact);
  CHECK(again.find(id('b')) == k_bare);
}

TEST_CASE_FIXTURE(Fixture, "useless bytes are ignored and told") {
  std::filesystem::create_directories(folder.path() / "deep");
  const auto head = "regctl mirror state 1\n";
  struct Row {
    std::string text;
    const char* note;
  };
  const Row rows[] = {
      {"\x7f"
       "ELF\n" +
           id('a') + " 1 2 -\n",
       "is not a mirror's state"},
      {head + id('a') + " 1 2\n", "has 1 line of no use"},
      {head + std::string("short 1 2 -\n") + id('a') + " x 2 -\n", "has 2 lines of no use"},
      {head + id('a') + " 1 2 parent\n", "has 1 line of no use"},
      {head + id('a') + " 1 -2 -\n", "has 1 line of no use"},
      {head + id('a') + " 1 2 - more\n", "has 1 line of no use"},
      {head + std::string(100'000, 'x'), "longer than"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.note);
    notes.clear();
    write(row.text);
    auto state = open();
    CHECK(!state.find(id('a')));
    CHECK(notes.find(row.note) != std::string::npos);
    state.save(); // a good file, although nothing was learnt
    CHECK(std::count(notes.begin(), notes.end(), '\n') == 1);
    notes.clear();
    open();
    CHECK(notes.empty());
    state.put(id('c'), k_fact);
    state.save();
    CHECK(open().find(id('c')) == k_fact);
  }
}

TEST_CASE_FIXTURE(Fixture, "a folder that cannot be written costs nothing but a note") {
  write("");
  std::ofstream(folder.path() / "deep") << "a file where a folder is wanted";
  auto state = open();
  state.put(id('a'), k_fact);
  state.save();
  CHECK(notes.find("is not kept") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "what was learnt until an interrupt is kept, and what others have") {
  auto state = open();
  auto other = open();
  state.put(id('a'), k_fact);
  other.put(id('b'), k_bare);
  other.save();
  interrupt();
  state.save();
  reset_interrupt();
  const auto again = open();
  CHECK(again.find(id('a')) == k_fact);
  CHECK(again.find(id('b')) == k_bare);
  CHECK(notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "its size has a bound") {
  auto state = open();
  for (std::size_t i = 0; i < State::k_limit + 10; ++i) {
    auto number = std::to_string(i);
    state.put(number.insert(0, 64 - number.size(), '0'), k_bare);
  }
  CHECK(!state.find(std::string(64, '0')));
  state.save();
  const auto size = std::filesystem::file_size(file);
  CHECK(size < State::k_limit * 72);
}

TEST_CASE("each pair of ends has a file of its own") {
  const auto name = [](const char* from, const char* to) {
    return ops::mirror::state_file("/s", Endpoint::parse(from), Endpoint::parse(to));
  };
  CHECK(name("old:5000", "new:5000/x/") == "/s/old_5000--new_5000.state");
  CHECK(name("old:5000/team/app:1", "new:5000") == "/s/old_5000--new_5000.state");
  CHECK(name("v1-storage:/srv/a", "new:5000") != name("v1-storage:/srv/b", "new:5000"));
  const auto deep = "v1-storage:/" + std::string(300, 'x');
  CHECK(name((deep + "1").c_str(), "new:5000") != name((deep + "2").c_str(), "new:5000"));
  CHECK(name(deep.c_str(), deep.c_str()).size() < 255);
}

TEST_SUITE_END();
