// SPDX-License-Identifier: Apache-2.0
#include "server/http/htpasswd.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <vector>

using namespace regctl;
using server::Htpasswd;
using test::TemporaryFolder;

namespace {

/// "secret", in the three ways in which programs name bcrypt.
constexpr const char* k_hash = "$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";

Htpasswd read(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder / "users") << text;
  return Htpasswd((folder / "users").string());
}

} // namespace

TEST_SUITE_BEGIN("server/http/htpasswd");

TEST_CASE("a user has one password") {
  for (const auto& kind : std::vector<std::string>{"$2y", "$2b", "$2a"}) {
    CAPTURE(kind);
    auto users = read("# comment\r\n\nalice:" + kind + k_hash + "\r\nbob:" + kind + k_hash);
    struct Row {
      std::string user;
      std::string password;
      bool is_right;
    };
    const Row rows[] = {
        {"alice", "secret", true},      {"bob", "secret", true},
        {"alice", "Secret", false},     {"alice", "", false},
        {"", "secret", false},          {"carol", "secret", false},
        {"# comment", "secret", false}, {"alice", std::string("secret\0x", 8), false},
        {"alice:", "secret", false},    {"alice", std::string(100'000, 'x'), false},
    };
    for (int round = 0; round < 2; ++round) { // what is remembered is no other answer
      for (const auto& row : rows) {
        CAPTURE(row.user);
        CHECK(users.is_right(row.user, row.password) == row.is_right);
      }
    }
  }
}

TEST_CASE("a file with other hashes is refused, naming the line") {
  const std::string good = std::string("alice:$2y") + k_hash + "\n";
  for (const auto& bad : std::vector<std::string>{"bob:secret", "bob:$apr1$abc$def", "bob",
                                                  ":$2y$05$x", "bob:{SHA}x", "bob:$2y$05$short"}) {
    CAPTURE(bad);
    try {
      read(good + bad + "\n");
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find("line 2 is not NAME:BCRYPT") != std::string::npos);
      CHECK(error.message().find("secret") == std::string::npos);
    }
  }
  CHECK_FALSE(read("").is_right("alice", "secret"));
  CHECK_THROWS_AS(Htpasswd("/no/such/file"), Error);
}
