// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/chain.hpp"
#include "support/memory_repository.hpp"
#include "support/notes.hpp"

#include <regctl/model/v1/chain.hpp>

#include <doctest/doctest.h>

#include <functional>

using namespace regctl;
using test::MemoryRepository;
using test::Notes;

namespace {

std::string id(char digit) {
  return std::string(64, digit);
}

/// c → b → a, with the ancestry that a server would have recorded.
struct Fixture {
  Fixture() {
    repository.add(id('a'), "");
    repository.add(id('b'), id('a'));
    repository.add(id('c'), id('b'));
    repository.recorded = {{id('c'), id('b'), id('a')}};
  }

  std::vector<std::string> read() {
    std::vector<std::string> ids;
    for (const auto& member : ops::read_chain(session, repository, id('c'))) {
      CHECK(member.image.id == member.info.id);
      ids.push_back(member.image.id);
    }
    return ids;
  }

  void check_error(ErrorKind kind, const std::string& why) {
    try {
      read();
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == kind);
      CHECK(error.message().find(why) != std::string::npos);
    }
  }

  Notes notes;
  ops::Session session{{}, notes};
  MemoryRepository repository;
  const std::vector<std::string> whole = {id('c'), id('b'), id('a')};
};

} // namespace

TEST_SUITE_BEGIN("ops/v1/chain");

TEST_CASE_FIXTURE(Fixture, "a correct ancestry costs one request for each image and no note") {
  CHECK(read() == whole);
  CHECK(repository.find_calls == 3);
  CHECK(notes.text.empty());
}

TEST_CASE_FIXTURE(Fixture, "a missing or wrong ancestry is rebuilt from the parents and noted") {
  struct Row {
    std::optional<std::vector<std::string>> recorded;
    const char* why;
  };
  const Row rows[] = {
      {std::nullopt, "is missing"},
      {{{id('c'), id('a')}}, "is wrong"},
      {{{id('c')}}, "is wrong"},
      {{{id('b'), id('c'), id('a')}}, "is wrong"},
      {{{id('c'), id('b'), id('a'), id('d')}}, "is wrong"},
      {{{}}, "is wrong"},
      {{{id('c'), id('b'), id('c')}}, "is missing"},
  };
  for (const auto& row : rows) {
    repository.recorded = row.recorded;
    notes.text.clear();
    CHECK(read() == whole);
    CHECK(notes.text.find(row.why) != std::string::npos);
    CHECK(notes.text.find("rebuilt") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "a missing image is named with its child") {
  repository.images.erase(id('b'));
  check_error(ErrorKind::not_found, "image bbbbbbbbbbbb, the parent of cccccccccccc,");
  repository.images.erase(id('c'));
  check_error(ErrorKind::not_found, "image cccccccccccc is not at host:5000/team/app");
}

TEST_CASE_FIXTURE(Fixture, "parents that form a loop are refused") {
  repository.add(id('a'), id('c'));
  check_error(ErrorKind::protocol, "form a loop at cccccccccccc");
}

TEST_CASE_FIXTURE(Fixture, "an endless chain is refused") {
  repository.recorded.reset();
  std::string child = id('c');
  for (std::size_t i = 0; i <= k_max_chain; ++i) {
    auto parent = std::to_string(i);
    parent.insert(0, 64 - parent.size(), '0');
    repository.add(child, parent);
    child = parent;
  }
  check_error(ErrorKind::protocol, "more than 4096 images");
}

TEST_SUITE_END();
