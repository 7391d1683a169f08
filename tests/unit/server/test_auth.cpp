// SPDX-License-Identifier: Apache-2.0
#include "server/auth.hpp"
#include "support/fake_request.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <fstream>

using namespace regctl;
using namespace regctl::server;
using test::FakeRequest;
using test::TemporaryFolder;

namespace {

FakeRequest with(const std::string& authorization) {
  return {"GET", "/", {{"Authorization", authorization}}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

} // namespace

TEST_SUITE_BEGIN("server/auth");

TEST_CASE("Basic is read as RFC 7617 has it") {
  const TemporaryFolder folder;
  std::ofstream(folder / "users")
      << "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"; // "secret"
  Auth auth((folder / "users").string(), false);
  CHECK(auth.has_users());
  struct Row {
    const char* value;
    bool is_user;
  };
  const Row rows[] = {
      {"Basic YWxpY2U6c2VjcmV0", true},  // alice:secret
      {"Basic YWxpY2U6d3Jvbmc=", false}, // alice:wrong
      {"Basic YWxpY2VzZWNyZXQ=", false}, // without a colon
      {"Basic OnNlY3JldA==", false},     // :secret
      {"Basic Og==", false},             // what engines send without credentials
      {"Basic ", false},
      {"Basic", false},
      {"Basic %%%", false},
      {"Token YWxpY2U6c2VjcmV0", false},
      {"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(auth.is_user(with(row.value)) == row.is_user);
  }
  CHECK_FALSE(auth.is_user(FakeRequest("GET", "/")));

  std::ofstream(folder / "users") << "nonsense\n";
  CHECK_THROWS_AS(auth.reload(), Error);
  CHECK(auth.is_user(with(rows[0].value))); // the old ones stay
  std::ofstream(folder / "users") << "# nobody\n";
  auth.reload();
  CHECK_FALSE(auth.is_user(with(rows[0].value)));
  CHECK_FALSE(Auth("", false).is_user(with(rows[0].value)));
}

TEST_CASE("a token is good for its repository and its access") {
  const Auth auth("", false);
  struct Row {
    Access granted;
    Access wanted;
    bool is_good;
  };
  const Row rows[] = {
      {Access::read, Access::read, true},    {Access::read, Access::write, false},
      {Access::read, Access::remove, false}, {Access::write, Access::read, true},
      {Access::write, Access::write, true},  {Access::write, Access::remove, false},
      {Access::remove, Access::read, false}, {Access::remove, Access::remove, true},
  };
  for (const auto& row : rows) {
    const auto token = auth.make_token("team/app", row.granted);
    CAPTURE(token);
    CAPTURE(to_string(row.wanted));
    for (const auto* scheme : {"", "Token ", "Token Token "}) {
      CHECK(auth.token_repository(with(scheme + token), row.wanted) ==
            (row.is_good ? "team/app" : ""));
    }
  }
}

TEST_CASE("a token cannot be made or changed") {
  const Auth auth("", false);
  const auto token = auth.make_token("team/app", Access::read);
  const auto signature = token.substr(token.find('=') + 1, 32);
  const std::string forged[] = {
      replaced(token, "access=read", "access=write"),
      replaced(token, "team/app", "team/other"),
      replaced(token, "signature=" + signature, "signature="),
      replaced(token, signature, signature.substr(1)),
      replaced(token, signature, std::string(32, '0')),
      replaced(token, "access=read", "access="),
      replaced(token, "Token ", ""),
      replaced(token, "Token ", "token "),
      replaced(token, "\"team/app\"", "\"\""),
      "Token ",
      "Token access=write,repository=team/app",
      Auth("", false).make_token("team/app", Access::write), // of another process
  };
  for (const auto& value : forged) {
    CAPTURE(value);
    for (const auto access : {Access::read, Access::write, Access::remove}) {
      CHECK(auth.token_repository(with(value), access) == "");
    }
  }
  // Names that have a token's own marks in them.
  for (const auto* name :
       {"a\",access=delete,repository=\"team/app", "team/app\nread", "a,b", "a\"b"}) {
    CAPTURE(name);
    const auto odd = auth.make_token(name, Access::write);
    CHECK(auth.token_repository(with(odd), Access::remove) == "");
    CHECK(auth.token_repository(with(odd), Access::write) != "team/app");
  }
}
