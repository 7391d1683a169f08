// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/http/credentials.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::http;

namespace {

namespace fs = std::filesystem;

const std::string k_host = "host:5000";

/// A home and an environment of its own, with a credential helper "fake" that keeps one secret in
/// a file and writes down what it is asked.
class Home {
public:
  Home() : old_path_(std::getenv("PATH")) {
    install_interrupt_handlers(); // a helper that does not read its input is no SIGPIPE
    ::setenv("HOME", folder_.path().c_str(), 1);
    ::setenv("PATH", (folder_.path().string() + ":" + old_path_).c_str(), 1);
    const auto kept = (folder_ / "kept").string();
    write("docker-credential-fake",
          "#!/bin/sh\nread -r input\necho \"$1 $input\" >> '" + (folder_ / "asked").string() +
              "'\ncase $1 in\nget) if [ -s '" + kept + "' ]; then cat '" + kept +
              "'; else echo 'credentials not found in native keychain'; "
              "exit 1; fi ;;\nstore) echo \"$input\" > '" +
              kept + "' ;;\nerase) : > '" + kept + "' ;;\nesac\n");
    fs::permissions(folder_ / "docker-credential-fake", fs::perms::owner_all);
  }
  ~Home() {
    ::setenv("HOME", "/nonexistent", 1);
    ::setenv("PATH", old_path_.c_str(), 1);
    for (const char* name : {"REGCTL_USERNAME", "REGCTL_PASSWORD", "DOCKER_CONFIG"}) {
      ::unsetenv(name);
    }
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return read_file(folder_ / name, 10'000);
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }

private:
  test::TemporaryFolder folder_;
  std::string old_path_;
};

std::string entry_of(const std::string& username) {
  return R"({"host:5000": {"auth": ")" + base64_encode(username + ":secret") + R"("}})";
}

std::string username_for(const std::string& host, Credentials::Options options = {}) {
  const auto found = Credentials(std::move(options)).find(host);
  return found ? found->username : "nobody";
}

} // namespace

TEST_SUITE_BEGIN("http/credentials");

TEST_CASE("flags come before the environment, a helper, config.json and .dockercfg") {
  const Home home;
  CHECK(username_for(k_host) == "nobody");
  home.write(".dockercfg", entry_of("old"));
  CHECK(username_for(k_host) == "old");
  home.write(".docker/config.json", R"({"auths": )" + entry_of("auths") + "}");
  CHECK(username_for(k_host) == "auths");
  home.write("kept", R"({"Username": "helper", "Secret": "s"})");
  home.write(".docker/config.json",
             R"({"credsStore": "fake", "auths": )" + entry_of("auths") + "}");
  CHECK(username_for(k_host) == "helper");
  ::setenv("REGCTL_USERNAME", "environment", 1);
  CHECK(username_for(k_host) == "helper"); // a name without a password is none
  ::setenv("REGCTL_PASSWORD", "secret", 1);
  CHECK(username_for(k_host) == "environment");
  Credentials::Options options;
  options.from_flags = Credential{"flags", Secret("secret"), {}, "--username"};
  CHECK(username_for(k_host, options) == "flags");
  CHECK(username_for("other", options) == "flags");
}

TEST_CASE("a helper that knows nothing leaves it to the file") {
  const Home home;
  home.write(".docker/config.json",
             R"({"credHelpers": {"host:5000": "fake"}, "auths": )" + entry_of("auths") + "}");
  CHECK(username_for(k_host) == "auths");
  CHECK(home.read("asked") == "get host:5000\nget https://host:5000\n");
}

TEST_CASE("a helper's identity token is one") {
  const Home home;
  home.write("kept", R"({"Username": "<token>", "Secret": "t"})");
  home.write(".docker/config.json", R"({"credsStore": "fake"})");
  const auto found = Credentials({}).find(k_host);
  REQUIRE(found);
  CHECK(found->identity_token.reveal() == "t");
  CHECK(found->password.empty());
  CHECK(found->origin == "docker-credential-fake");
}

TEST_CASE("a helper is asked once per host, and told about once") {
  const Home home;
  home.write("kept", R"({"Username": "helper", "Secret": "hidden"})");
  home.write(".docker/config.json", R"({"credsStore": "fake"})");
  std::vector<std::string> notes;
  Credentials::Options options;
  options.note = [&](const std::string& note) { notes.push_back(note); };
  Credentials credentials(options);
  credentials.find(k_host);
  credentials.find(k_host);
  CHECK(home.read("asked") == "get host:5000\n");
  CHECK(notes == std::vector<std::string>{
                     "using the password of 'helper' for host:5000 from docker-credential-fake"});
}

TEST_CASE("a helper that closes its output and stays does not hold an interruption") {
  const Home home;
  home.write("docker-credential-stays", "#!/bin/sh\necho $$ > '" + home.path("pid").string() +
                                            "'\nexec >&- 2>&- <&-\nkill -INT " +
                                            std::to_string(::getpid()) + "\nexec sleep 600\n");
  fs::permissions(home.path("docker-credential-stays"), fs::perms::owner_all);
  home.write(".docker/config.json", R"({"credsStore": "stays"})");
  try {
    Credentials({}).find(k_host);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  reset_interrupt();
}

TEST_CASE("a helper that is not there, or fails, is named") {
  const Home home;
  for (const char* helper : {"nowhere", "broken"}) {
    home.write("docker-credential-broken", "#!/bin/sh\necho 'locked'; exit 1\n");
    fs::permissions(home.path("docker-credential-broken"), fs::perms::owner_all);
    home.write(".docker/config.json", std::string(R"({"credsStore": ")") + helper + "\"}");
    try {
      Credentials({}).find(k_host);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::denied);
      CHECK(error.message().find(std::string("docker-credential-") + helper) != std::string::npos);
    }
  }
}

TEST_CASE("DOCKER_CONFIG names the folder") {
  const Home home;
  home.write(".docker/config.json", R"({"auths": )" + entry_of("home") + "}");
  home.write("elsewhere/config.json", R"({"auths": )" + entry_of("elsewhere") + "}");
  ::setenv("DOCKER_CONFIG", home.path("elsewhere").c_str(), 1);
  CHECK(username_for(k_host) == "elsewhere");
}

TEST_CASE("what is stored goes to the helper, or to the file, and comes from there") {
  const Home home;
  Credentials credentials({});
  CHECK_FALSE(credentials.find(k_host));
  const Credential bob{"bob", Secret("secret"), {}, ""};
  CHECK(credentials.store(k_host, bob) ==
        home.path(".docker/config.json").string() + " (not encrypted)");
  CHECK(credentials.find(k_host)->username == "bob"); // what was known before is forgotten
  CHECK(credentials.erase(k_host));
  CHECK_FALSE(credentials.erase(k_host));
  CHECK_FALSE(credentials.find(k_host));

  home.write(".docker/config.json", R"({"credsStore": "fake"})");
  CHECK(credentials.store(k_host, bob) == "docker-credential-fake");
  CHECK(home.read(".docker/config.json") == R"({"credsStore": "fake"})");
  CHECK(credentials.find(k_host)->password.reveal() == "secret");
  CHECK(credentials.erase(k_host));
  CHECK_FALSE(credentials.erase(k_host));
}

TEST_SUITE_END();
