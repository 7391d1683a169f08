// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/link.hpp>
#include <regctl/http/message.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace regctl::http;

namespace {

std::optional<std::string> next(const std::string& value) {
  return find_next_page({{"Link", value}});
}

} // namespace

TEST_SUITE_BEGIN("http/link");

TEST_CASE("the next page is found in every form that registries write") {
  // distribution 2.8, ECR, Quay; unquoted, several words, other spellings
  CHECK(next("</v2/_catalog?last=team%2Fdemo&n=1>; rel=\"next\"") ==
        "/v2/_catalog?last=team%2Fdemo&n=1");
  CHECK(next("<https://reg.example/v2/a/tags/list?last=x==>; rel=\"next\"") ==
        "https://reg.example/v2/a/tags/list?last=x==");
  CHECK(next("<?next_page=gAAAA%3D>;rel=next") == "?next_page=gAAAA%3D");
  CHECK(next("</a>; rel=\"prev next\"") == "/a");
  CHECK(next("</a>;REL=NEXT") == "/a");
  CHECK(next(" < >, </a>; title=\"a, \\\"b\\\"; rel=x\" ; rel=\"next\"") == "/a");
}

TEST_CASE("a comma in a URL or in quotes ends no link") {
  const auto links = parse_links("</a,b>; rel=\"first\"; title=\"x, <y>\", </c>; rel=\"next\"");
  REQUIRE(links.size() == 2);
  CHECK(links[0].target == "/a,b");
  CHECK(links[0].parameters.at("title") == "x, <y>");
  CHECK(links[1].is("next"));
}

TEST_CASE("the first parameter of a name counts") {
  CHECK_FALSE(next("</a>; rel=\"prev\"; rel=\"next\""));
}

TEST_CASE("several headers are read, and a last page has none") {
  CHECK(find_next_page({{"Link", "</a>; rel=\"prev\""}, {"link", "</b>; rel=\"next\""}}) == "/b");
  CHECK_FALSE(find_next_page({}));
  CHECK_FALSE(next("</a>; rel=\"prev\""));
}

TEST_CASE("what is no link is left out") {
  for (const auto* value :
       {"", ",", ";;;", "<", "</a", "</a>", "</a>; rel", "</a>; rel=", "/a; rel=\"next\"",
        "</a>; =\"next\"", "</a>; rel=\"nexts", "</a>; rel=\"ne\\"}) {
    CHECK_FALSE(next(value));
  }
  CHECK(next("/x; rel=\"next\", </a>; rel=\"next\"") == "/a");
  CHECK(next("</a>; rel=\"next") == "/a"); // the closing quote is missing
}

TEST_SUITE_END();
