// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/challenge.hpp>

#include <doctest/doctest.h>

#include <string>

using regctl::http::parse_challenges;

namespace {

/// "scheme{name=value,…} scheme{}", for comparison.
std::string written(std::string_view value) {
  std::string text;
  for (const auto& challenge : parse_challenges(value)) {
    text += (text.empty() ? "" : " ") + challenge.scheme + "{";
    for (const auto& [name, content] : challenge.parameters) {
      text += (text.back() == '{' ? "" : ";") + name + "=" + content;
    }
    text += "}";
  }
  return text;
}

} // namespace

TEST_SUITE_BEGIN("http/challenge");

TEST_CASE("challenges are read as registries write them") {
  struct Row {
    const char* value;
    const char* read;
  };
  const Row rows[] = {
      {"", ""},
      {"Basic realm=\"Registry Realm\"", "basic{realm=Registry Realm}"},
      {"BASIC Realm = \"x\"", "basic{realm=x}"},
      {"Token", "token{}"},
      {"Token signature=ABC,repository=\"team/app\",access=write",
       "token{access=write;repository=team/app;signature=ABC}"},
      {"Bearer realm=\"https://auth/token\",service=\"r\",scope=\"repository:a:pull,push\"",
       "bearer{realm=https://auth/token;scope=repository:a:pull,push;service=r}"},
      {"Bearer realm=https://auth/token?a=b,service=r",
       "bearer{realm=https://auth/token?a=b;service=r}"},
      {"Basic realm=\"a\", Bearer realm=\"b\", x=1", "basic{realm=a} bearer{realm=b;x=1}"},
      {"Negotiate, Basic realm=x", "negotiate{} basic{realm=x}"},
      {"Negotiate YII+/w==, Basic realm=x", "negotiate{} basic{realm=x}"},
      {"Negotiate YII==", "negotiate{}"},
      {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
       "newauth{realm=apps;title=Login to \"apps\";type=1} basic{realm=simple}"},
      {" , ,Basic realm=\"x\",, ", "basic{realm=x}"},
      {"Basic realm=\"x\" , charset=UTF-8", "basic{charset=UTF-8;realm=x}"},
      {"Basic realm=\"a\",realm=\"b\"", "basic{realm=a}"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(written(row.value) == row.read);
  }
}

TEST_CASE("malformed challenges are left out") {
  struct Row {
    const char* value;
    const char* read;
  };
  const Row rows[] = {
      {"realm=\"x\"", ""},
      {"=", ""},
      {"\"", ""},
      {"@@@, Basic realm=x", "basic{realm=x}"},
      {"Basic realm=\"never closed", "basic{}"},
      {"Basic realm=\"ends in backslash\\", "basic{}"},
      {"Basic realm=Two Words, Bearer a=b", "basic{realm=Two} bearer{a=b}"},
      {"Basic realm", "basic{}"},
      {"Basic =x, a=b", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(written(row.value) == row.read);
  }
}

TEST_SUITE_END();
