// SPDX-License-Identifier: Apache-2.0
#include "http/cookies.hpp"

#include <regctl/http/message.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace regctl::http;

namespace {

EasyHandle handle_of(OriginShares& shares, const std::string& origin) {
  EasyHandle handle(::curl_easy_init());
  set_option(handle, CURLOPT_COOKIEFILE, std::string());
  set_option(handle, CURLOPT_SHARE, shares.of(origin).get());
  return handle;
}

/// How many cookies a new exchange with `origin` knows.
int cookies_of(OriginShares& shares, const std::string& origin) {
  const auto handle = handle_of(shares, origin);
  ::curl_slist* list = nullptr;
  ::curl_easy_getinfo(handle.get(), CURLINFO_COOKIELIST, &list);
  const HeaderList owner(list);
  int count = 0;
  for (; list != nullptr; list = list->next) {
    ++count;
  }
  return count;
}

void set_cookie(OriginShares& shares, const std::string& origin, const std::string& cookie) {
  set_option(handle_of(shares, origin), CURLOPT_COOKIELIST, "Set-Cookie: " + cookie);
}

} // namespace

TEST_SUITE_BEGIN("http/cookies");

TEST_CASE("cookies are shared by the exchanges with one origin, and by no others") {
  OriginShares shares;
  set_cookie(shares, "http://host:5000", "node=7; domain=host; path=/");
  CHECK(cookies_of(shares, "http://host:5000") == 1);
  for (const char* other : {"http://host:5001", "https://host:5000", "http://other:5000"}) {
    CAPTURE(other);
    CHECK(cookies_of(shares, other) == 0);
  }
}

TEST_CASE("an origin has one share") {
  OriginShares shares;
  CHECK(&shares.of("http://a") == &shares.of("http://a"));
  CHECK(&shares.of("http://a") != &shares.of("http://b"));
}

TEST_CASE("a jar's cookies are in no other jar") {
  const auto one = make_cookie_jar();
  const auto other = make_cookie_jar();
  set_cookie(*one, "http://host:5000", "session=team/app; domain=host; path=/");
  CHECK(cookies_of(*one, "http://host:5000") == 1);
  CHECK(cookies_of(*other, "http://host:5000") == 0);
}

TEST_SUITE_END();
