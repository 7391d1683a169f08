// SPDX-License-Identifier: Apache-2.0
#include "http/docker_config.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <string>

using namespace regctl;
using namespace regctl::http;

namespace {

namespace fs = std::filesystem;

/// A config.json with this text.
class File {
public:
  explicit File(const std::string& text) { std::ofstream(path()) << text; }
  [[nodiscard]] fs::path path() const { return folder_ / "config.json"; }

private:
  test::TemporaryFolder folder_;
};

std::string entry(const std::string& key, const std::string& members) {
  return R"({"auths": {")" + key + R"(": {)" + members + "}}}";
}

std::string auth(const std::string& plain) {
  return R"("auth": ")" + base64_encode(plain) + "\"";
}

fs::perms mode_of(const fs::path& path) {
  return fs::status(path).permissions();
}

} // namespace

TEST_SUITE_BEGIN("http/docker_config");

TEST_CASE("a host is found under every key that Docker ever wrote") {
  struct Row {
    const char* key;
    const char* host;
    bool is_found;
  };
  const Row rows[] = {
      {"host:5000", "host:5000", true},
      {"http://host:5000", "host:5000", true},
      {"https://host:5000", "host:5000", true},
      {"https://host:5000/", "host:5000", true},
      {"http://host:5000/v1/", "host:5000", true},
      {"https://host:5000/v2/", "host:5000", true},
      {"https://host:5000/v1", "host:5000", true},
      {"https://index.docker.io/v1/", "docker.io", true},
      {"https://index.docker.io/v1/", "index.docker.io", true},
      {"host:5001", "host:5000", false},
      {"host", "host:5000", false},
      {"host:5000/team", "host:5000", false},
      {"host:5000/v1/", "host:5000", true},
      {"HOST:5000", "host:5000", true},
      {"https://host:5000/v1/users/", "host:5000", true},
      {"https://host:5000.example", "host:5000", false},
      {"registry-1.docker.io", "docker.io", true},
      {"[::1]:5000", "[::1]:5000", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.key);
    const File file(entry(row.key, auth("bob:secret")));
    CHECK(DockerConfig(file.path()).find(row.host).has_value() == row.is_found);
  }
}

TEST_CASE("entries have several forms") {
  struct Row {
    std::string members;
    const char* username;
    const char* password;
    const char* identity_token;
  };
  const Row rows[] = {
      {auth("bob:secret"), "bob", "secret", ""},
      {auth("bob:se:cret"), "bob", "se:cret", ""},
      {auth("bob:"), "bob", "", ""},
      {auth(std::string("bob:secret\0\0", 12)), "bob", "secret", ""}, // Docker 1.x
      {R"("auth": "Ym9i\r\nOnNl\nY3JldA==\n")", "bob", "secret", ""},
      {R"("username": "bob", "password": "secret")", "bob", "secret", ""},
      {auth("<token>:") + R"(, "identitytoken": "t")", "<token>", "", "t"},
      {R"("identitytoken": "t")", "", "", "t"},
      {auth("bob:secret") + R"(, "email": "x@y")", "bob", "secret", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.members);
    const File file(entry("host:5000", row.members));
    const auto found = DockerConfig(file.path()).find("host:5000");
    REQUIRE(found);
    CHECK(found->username == row.username);
    CHECK(found->password.reveal() == row.password);
    CHECK(found->identity_token.reveal() == row.identity_token);
    CHECK(found->origin == file.path().string());
  }
}

TEST_CASE("an entry without a user name is ignored") {
  for (const char* members : {"", R"("email": "x@y")", R"("username": "")"}) {
    const File file(entry("host:5000", members));
    CHECK_FALSE(DockerConfig(file.path()).find("host:5000"));
  }
}

TEST_CASE("the old .dockercfg has its entries at the top") {
  const File file(R"({"host:5000": {)" + auth("bob:secret") + "}}");
  CHECK(DockerConfig(file.path()).find("host:5000")->username == "bob");
}

TEST_CASE("a malformed file is a usage error that names the file and quotes nothing") {
  const std::string not_base64 = R"("auth": "se!cret")";
  for (const auto& text : {std::string(R"({"auths": "secret)"), std::string("[]"),
                           entry("host:5000", not_base64), entry("host:5000", auth("secret"))}) {
    CAPTURE(text);
    const File file(text);
    try {
      static_cast<void>(DockerConfig(file.path()).find("host:5000"));
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(file.path().string()) != std::string::npos);
      CHECK(error.message().find("cret") == std::string::npos);
    }
  }
}

TEST_CASE("a file that is missing or blank is an empty one") {
  const File blank(" \n");
  CHECK_FALSE(DockerConfig(blank.path()).find("host:5000"));
  CHECK_FALSE(DockerConfig("/nonexistent/config.json").find("host:5000"));
  CHECK_FALSE(DockerConfig("/nonexistent/config.json").helper("host:5000"));
}

TEST_CASE("a host's helper comes before the one for all") {
  struct Row {
    const char* text;
    std::optional<std::string> helper;
  };
  const Row rows[] = {
      {"{}", std::nullopt},
      {R"({"credsStore": "all"})", "all"},
      {R"({"credHelpers": {"host:5000": "one"}})", "one"},
      {R"({"credHelpers": {"host:5000": "one"}, "credsStore": "all"})", "one"},
      {R"({"credHelpers": {"other": "one"}, "credsStore": "all"})", "all"},
      {R"({"credHelpers": {"https://host:5000": "one"}})", "one"},
      {R"({"credHelpers": [], "credsStore": "all"})", "all"},
      {R"({"credsStore": 7})", std::nullopt},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const File file(row.text);
    CHECK(DockerConfig(file.path()).helper("host:5000") == row.helper);
  }
}

TEST_CASE("a stored credential is found again under one key, and other members are kept") {
  const File file(R"({"psFormat": "x", "HttpHeaders": {"A": [1, null]}, "auths": {)"
                  R"("other": {"auth": "eDp5"}, "https://host:5000/v1/": {"auth": "eDp5"}}})");
  DockerConfig config(file.path());
  config.set("host:5000", {"bob", Secret("secret"), {}, ""});
  config.save();
  const auto document = Json::parse(read_file(file.path(), 10'000));
  CHECK(document == Json::parse(R"({"psFormat": "x", "HttpHeaders": {"A": [1, null]}, "auths": {)"
                                R"("other": {"auth": "eDp5"}, "host:5000": {"auth": ")" +
                                base64_encode("bob:secret") + R"("}}})"));
  CHECK(DockerConfig(file.path()).find("host:5000")->password.reveal() == "secret");
  CHECK(config.erase("host:5000"));
  CHECK_FALSE(config.erase("host:5000"));
  config.save();
  CHECK_FALSE(DockerConfig(file.path()).find("host:5000"));
  CHECK(DockerConfig(file.path()).find("other"));
}

TEST_CASE("a new file and its folder are accessible only to their owner") {
  const test::TemporaryFolder folder;
  DockerConfig config(folder / "docker" / "config.json");
  config.set("host:5000", {"bob", Secret("secret"), {}, ""});
  config.save();
  CHECK(mode_of(config.file()) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(mode_of(config.file().parent_path()) == fs::perms::owner_all);
}

TEST_SUITE_END();
