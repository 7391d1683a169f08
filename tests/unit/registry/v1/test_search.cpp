// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/search.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/stream.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;

namespace {

using Names = std::vector<std::string>;

/// A registry that pages in its own way; remembers what it was asked, and what was noted.
class Server {
public:
  std::function<Json(std::uint64_t page)> page;
  std::set<std::string> repositories;
  std::vector<std::string> asked; ///< names of repositories
  std::vector<std::string> notes;
  std::uint64_t pages_asked = 0;

  Names search() {
    SearchContext context;
    context.host = "host:5000";
    context.ask = [this](const std::string& target) {
      const auto at = target.find("&page=");
      ++pages_asked;
      const auto document = page(at == std::string::npos ? 1 : std::stoul(target.substr(at + 6)));
      http::Response response;
      response.status = document.is_null() ? 404 : 200;
      response.body = make_text_source(document.dump());
      return response;
    };
    context.has_repository = [this](const std::string& name) {
      asked.push_back(name);
      return repositories.contains(name);
    };
    context.note = [this](const std::string& note) { notes.push_back(note); };
    Names names;
    const auto hits = regctl::registry::v1::search(context, "");
    for (const auto& hit : hits.value()) {
      names.push_back(hit.name);
    }
    return names;
  }
};

Json results(const Names& names) {
  auto list = Json::array();
  for (const auto& name : names) {
    list.push_back({{"name", name}});
  }
  return {{"results", list}, {"num_results", names.size()}};
}

Names names_between(std::size_t begin, std::size_t end) {
  Names names;
  for (auto n = begin; n < end; ++n) {
    names.push_back("team/app" + std::to_string(n));
  }
  return names;
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/search");

TEST_CASE("a single page is the whole result if the server promises no more") {
  Server server;
  server.page = [](std::uint64_t) { return results({"team/b", "library/a", "team/b", "a"}); };
  CHECK(server.search() == Names{"team/b", "a"});
  CHECK(server.pages_asked == 1);
  CHECK(server.notes.empty());
}

TEST_CASE("pages are read until one is the last, is empty, or is missing") {
  struct Row {
    std::uint64_t num_pages;
    std::uint64_t pages;
    Json behind;
  };
  for (const auto& row : {Row{3, 3, results({})}, Row{4, 3, results({})}, Row{4, 3, nullptr}}) {
    CAPTURE(row.num_pages);
    Server server;
    server.page = [&](std::uint64_t page) {
      if (page > row.pages) {
        return row.behind;
      }
      auto document = results(names_between(page * 10, page * 10 + 10));
      document["num_pages"] = row.num_pages;
      return document;
    };
    CHECK(server.search() == names_between(10, 40));
    CHECK(server.notes.empty());
  }
}

TEST_CASE("repeated pages end the search, with a note") {
  Server server;
  server.page = [](std::uint64_t page) { // as Quay: the fifth page is the last one there is
    const auto first = (std::min<std::uint64_t>(page, 5) - 1) * 25;
    auto document = results(names_between(first, first + 25));
    document["num_pages"] = page + 1;
    return document;
  };
  CHECK(server.search() == names_between(0, 125));
  CHECK(server.pages_asked == 6);
  REQUIRE(server.notes.size() == 1);
  CHECK(server.notes.front().starts_with("the search of host:5000 looks cut: it gave 125 of more"));
}

TEST_CASE("results that are promised but missing are requested, and noted") {
  for (const bool has_pages : {false, true}) {
    Server server;
    server.page = [&](std::uint64_t page) {
      const auto first = has_pages ? (page - 1) * 100 : 0;
      auto document = results(names_between(first, std::min<std::size_t>(first + 100, 250)));
      document["num_results"] = 250;
      return document;
    };
    CHECK(server.search() == names_between(0, has_pages ? 250 : 100));
    CHECK(server.notes.empty() == has_pages);
  }
}

TEST_CASE("a name is decoded until the registry has such a repository") {
  struct Row {
    Names listed;
    std::set<std::string> repositories;
    Names found;
    Names asked;
  };
  const Row rows[] = {
      {{"team/deep%2Fname"}, {"team/deep/name"}, {"team/deep/name"}, {"team/deep/name"}},
      {{"team/deep%252Fname"}, {"team/deep/name"}, {"team/deep/name"}, {"team/deep/name"}},
      {{"team/deep%252Fname"},
       {"team/deep%2Fname"},
       {"team/deep%2Fname"},
       {"team/deep/name", "team/deep%2Fname"}},
      {{"team/deep%2Fname"},
       {"team/deep%2Fname"},
       {"team/deep%2Fname"},
       {"team/deep/name", "team/deep%2Fname"}},
      {{"team/deep%2Fgone"}, {}, {"team/deep/gone"}, {"team/deep/gone", "team/deep%2Fgone"}},
      // Once for each depth.
      {{"team/a%2Fb", "team/c%2Fd", "team/e%252Ff", "team/g%252Fh"},
       {"team/a/b", "team/e/f"},
       {"team/a/b", "team/c/d", "team/e/f", "team/g/h"},
       {"team/a/b", "team/e/f"}},
      {{"team/a%2Fb", "team/a/b"}, {"team/a/b"}, {"team/a/b"}, {"team/a/b"}},
      {{"team/100%", "team/%00x", "team/..%2F.."},
       {},
       {"team/100%", "team/%00x", "team/..%2F.."},
       {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.listed);
    Server server;
    server.repositories = row.repositories;
    server.page = [&](std::uint64_t) { return results(row.listed); };
    CHECK(server.search() == row.found);
    CHECK(server.asked == row.asked);
  }
}

TEST_SUITE_END();
