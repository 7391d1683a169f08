// SPDX-License-Identifier: Apache-2.0
#include "server/v1/auth.hpp"
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

const FakeRequest k_anybody("GET", "/");

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

} // namespace

TEST_SUITE_BEGIN("server/v1/auth");

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

TEST_CASE("a token is valid only for its repository and its access") {
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
    const auto token = auth.make_token("team/app", row.granted, k_anybody);
    CAPTURE(token);
    CAPTURE(to_string(row.wanted));
    for (const auto* scheme : {"", "Token ", "Token Token "}) {
      const auto read = auth.token(with(scheme + token), row.wanted);
      CHECK(read.has_value() == row.is_good);
      CHECK((!read || (read->repository == "team/app" && !read->is_user)));
    }
  }
}

TEST_CASE("a token cannot be forged or changed") {
  const Auth auth("", false);
  const auto token = auth.make_token("team/app", Access::read, k_anybody);
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
      Auth("", false).make_token("team/app", Access::write, k_anybody), // of another process
  };
  for (const auto& value : forged) {
    CAPTURE(value);
    for (const auto access : {Access::read, Access::write, Access::remove}) {
      CHECK_FALSE(auth.token(with(value), access));
    }
  }
  // Names that have a token's own marks in them.
  for (const auto* name :
       {"a\",access=delete,repository=\"team/app", "team/app\nread", "a,b", "a\"b"}) {
    CAPTURE(name);
    const auto odd = auth.make_token(name, Access::write, k_anybody);
    CHECK_FALSE(auth.token(with(odd), Access::remove));
    const auto read = auth.token(with(odd), Access::write);
    CHECK((!read || read->repository != "team/app"));
  }
}

TEST_CASE("a token is valid for six hours, and using it does not prolong it") {
  std::int64_t now = 1000;
  const Auth auth("", false, [&] { return now; });
  now += 7;
  const auto token = auth.make_token("team/app", Access::write, k_anybody);
  now += 6 * 60 * 60;
  CHECK(auth.token(with(token), Access::write));
  CHECK(auth.make_token("team/app", Access::write, with("Token " + token)) == token);
  CHECK(auth.make_token("team/app", Access::remove, with(token)) != token);
  CHECK(auth.make_token("team/other", Access::write, with(token)) != token);
  now += 1;
  CHECK_FALSE(auth.token(with(token), Access::write));
  now = 1000;
  CHECK_FALSE(auth.token(with(token), Access::write)); // it was not made yet
}

TEST_CASE("a user's token ends with the user, and with the password") {
  const TemporaryFolder folder;
  const auto file = (folder / "users").string();
  const std::string alice = "alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";
  const std::string bob = "bob:$2y$04$abcdefghijklmnopqrstuulScgQVVkq2axnqT8ZW/beH35PngpIFK\n";
  std::ofstream(file) << alice << bob;
  Auth auth(file, false);
  const auto token =
      auth.make_token("team/app", Access::write, with("Basic YWxpY2U6c2VjcmV0")); // alice:secret
  const auto is_good = [&] {
    const auto read = auth.token(with(token), Access::write);
    return read && read->is_user;
  };
  CHECK(is_good());
  struct Row {
    std::string users;
    bool is_good;
  };
  const Row rows[] = {
      {"carol:" + alice.substr(6) + alice, true}, // one more
      {bob, false},                               // one less
      {alice, true},                              // the same again
      {"alice:" + bob.substr(4), false},          // another password
      {"carol:" + alice.substr(6), false},        // another user with that password
      {"# nobody\n", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.users);
    std::ofstream(file) << row.users;
    auth.reload();
    CHECK(is_good() == row.is_good);
  }
}
