// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/http/credentials.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <cerrno>
#include <csignal>
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
    ::setenv("XDG_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
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
    for (const char* name :
         {"REGCTL_USERNAME", "REGCTL_PASSWORD", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG",
          "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"}) {
      ::unsetenv(name);
    }
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    fs::permissions(folder_ / name, fs::perms::owner_read | fs::perms::owner_write);
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

std::string username_for(const std::string& host, Credentials::Options options = {},
                         const std::string& repository = "") {
  const auto found = Credentials(std::move(options)).find(host, repository);
  return found ? found->username : "nobody";
}

/// What is warned of while the credential of the host is looked for.
std::vector<std::string> warnings() {
  std::vector<std::string> warnings;
  Credentials::Options options;
  options.warn = [&](const std::string& warning) { warnings.push_back(warning); };
  Credentials credentials(options);
  credentials.find(k_host);
  credentials.find("other:5000");
  return warnings;
}

} // namespace

TEST_SUITE_BEGIN("http/credentials");

TEST_CASE("the first source with a credential wins") {
  const Home home;
  CHECK(username_for(k_host) == "nobody");
  const auto put = [&](const std::string& file, const std::string& username) {
    home.write(file, R"({"auths": )" + entry_of(username) + "}");
    CHECK(username_for(k_host) == username);
  };
  home.write(".dockercfg", entry_of("old"));
  CHECK(username_for(k_host) == "old");
  put(".config/containers/auth.json", "podman");
  put("run/containers/auth.json", "podman-login");
  put(".docker/config.json", "docker");
  home.write("kept", R"({"Username": "helper", "Secret": "s"})");
  home.write(".docker/config.json",
             R"({"credsStore": "fake", "auths": )" + entry_of("auths") + "}");
  CHECK(username_for(k_host) == "helper");
  ::setenv("REGISTRY_AUTH_FILE", home.path("named.json").c_str(), 1);
  put("named.json", "named");
  ::setenv("DOCKER_AUTH_CONFIG", (R"({"auths": )" + entry_of("text") + "}").c_str(), 1);
  CHECK(username_for(k_host) == "text");
  ::setenv("REGCTL_USERNAME", "environment", 1);
  ::setenv("REGCTL_PASSWORD", "secret", 1);
  CHECK(username_for(k_host) == "environment");
  Credentials::Options options;
  options.from_flags = Credential{"flags", Secret("secret"), {}, "--username"};
  CHECK(username_for(k_host, options) == "flags");
  CHECK(username_for("other", options) == "flags");
}

TEST_CASE("one of name and password without the other is an error that names the other") {
  struct Row {
    const char* set;
    const char* missing;
  };
  for (const auto& row :
       {Row{"REGCTL_USERNAME", "REGCTL_PASSWORD"}, Row{"REGCTL_PASSWORD", "REGCTL_USERNAME"}}) {
    for (const bool is_empty : {false, true}) { // as CI makes of a secret that is missing
      const Home home;
      ::setenv(row.set, "s3cret", 1);
      if (is_empty) {
        ::setenv(row.missing, "", 1);
      }
      CHECK_THROWS_WITH(
          username_for(k_host),
          (std::string(row.set) + " is set, but " + row.missing + " is not, or is empty").c_str());
      Credentials::Options options;
      options.from_flags = Credential{"flags", Secret("secret"), {}, "--username"};
      CHECK(username_for(k_host, options) == "flags");
    }
  }
}

TEST_CASE("a repository's key comes before that of its namespace, and that before the host's") {
  const auto entry = [](const std::string& key) {
    return "\"" + key + R"(": {"auth": ")" + base64_encode(key + ":secret") + "\"}";
  };
  const auto text = R"({"auths": {)" + entry("host/team") + ", " + entry("host/team/deep/app") +
                    ", " + entry("host") + ", " + entry("https://other/v1/users/") + "}}";
  struct Row {
    const char* host;
    const char* repository;
    const char* username;
  };
  const Row rows[] = {
      {"host", "", "host"},
      {"host", "team", "host/team"},
      {"host", "team/app", "host/team"},
      {"host", "team/deep/app", "host/team/deep/app"},
      {"host", "team/deep/app2", "host/team"},
      {"host", "teams/app", "host"},
      {"other", "team/app", "https"}, // all up to the first colon
      {"host:5000", "team/app", "nobody"},
  };
  for (const char* file : {".docker/config.json", "run/containers/auth.json", ".dockercfg"}) {
    const Home fresh;
    fresh.write(file, std::string(file) == ".dockercfg"
                          ? "{" + entry("host/team") + ", " + entry("host") + "}"
                          : text);
    for (const auto& row : rows) {
      CAPTURE(file);
      CAPTURE(row.repository);
      const std::string host = row.host;
      if (std::string(file) == ".dockercfg") { // knows no paths
        CHECK(username_for(host, {}, row.repository) == (host == "host" ? "host" : "nobody"));
      } else {
        CHECK(username_for(host, {}, row.repository) == row.username);
      }
    }
  }
}

TEST_CASE("a host that has only keys of repositories has a credential for its ping") {
  const Home home;
  home.write("run/containers/auth.json",
             R"({"auths": {"host:5000/team": {"auth": ")" + base64_encode("ci:x") + R"("}}})");
  Credentials credentials({});
  CHECK_FALSE(credentials.find(k_host));
  CHECK(credentials.find_any_repository(k_host)->username == "ci");
  CHECK_FALSE(credentials.find_any_repository("host"));
}

TEST_CASE("a helper of the host comes before a repository's key, one for all after it") {
  const Home home;
  home.write("kept", R"({"Username": "helper", "Secret": "s"})");
  const auto auths = R"("auths": {"host:5000/team": {"auth": ")" + base64_encode("key:x") + "\"}}}";
  home.write(".docker/config.json", R"({"credHelpers": {"host:5000": "fake"}, )" + auths);
  CHECK(username_for(k_host, {}, "team/app") == "helper");
  home.write(".docker/config.json", R"({"credsStore": "fake", )" + auths);
  CHECK(username_for(k_host, {}, "team/app") == "key");
  CHECK(username_for(k_host, {}, "other/app") == "helper");
}

TEST_CASE("a source that a variable names must exist and be valid") {
  const Home home;
  ::setenv("DOCKER_AUTH_CONFIG", "s3cret", 1);
  CHECK_THROWS_WITH(username_for(k_host), "DOCKER_AUTH_CONFIG is not a JSON object");
  ::unsetenv("DOCKER_AUTH_CONFIG");
  ::setenv("REGISTRY_AUTH_FILE", "/nonexistent", 1);
  CHECK_THROWS_WITH(username_for(k_host),
                    "there is no file '/nonexistent', which REGISTRY_AUTH_FILE names");
}

TEST_CASE("a malformed file of podman's is skipped with a warning") {
  const Home home;
  home.write("run/containers/auth.json", "s3cret");
  home.write(".config/containers/auth.json", R"({"auths": )" + entry_of("second") + "}");
  CHECK(username_for(k_host) == "second");
  CHECK(warnings() ==
        std::vector<std::string>{"'" + home.path("run/containers/auth.json").string() +
                                 "' is not a JSON object; it is passed over"});
}

TEST_CASE("a file that other users can write, or read passwords from, is warned about once") {
  const Home home;
  const std::string file = ".docker/config.json";
  const auto path = home.path(file).string();
  struct Row {
    std::string text;
    int mode;
    const char* what; // nullptr: nothing
  };
  const auto passwords = R"({"auths": )" + entry_of("bob") + "}";
  const std::string helper = R"({"credsStore": "", "auths": {"host:5000": {}}})";
  const Row rows[] = {
      {passwords, 0600, nullptr},
      {passwords, 0644, "can be read by other users"},
      {passwords, 0640, "can be read by other users"},
      {passwords, 0660, "can be written by other users"},
      {passwords, 0602, "can be written by other users"},
      {helper, 0644, nullptr},
      {helper, 0666, "can be written by other users"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.mode);
    home.write(file, row.text);
    fs::permissions(home.path(file), static_cast<fs::perms>(row.mode));
    const auto told = warnings();
    REQUIRE(told.size() == (row.what == nullptr ? 0 : 1));
    if (row.what != nullptr) {
      CHECK(told.front().starts_with("'" + path + "' " + row.what));
      CHECK(told.front().find("chmod 600") != std::string::npos);
    }
  }
}

TEST_CASE("if a helper has no credential the file is read") {
  const Home home;
  home.write(".docker/config.json",
             R"({"credHelpers": {"host:5000": "fake"}, "auths": )" + entry_of("auths") + "}");
  CHECK(username_for(k_host) == "auths");
  CHECK(home.read("asked") == "get host:5000\nget https://host:5000\n");
}

TEST_CASE("a helper's identity token is recognised") {
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
                                            "'\ntrap '' TERM\nexec >&- 2>&- <&-\nkill -INT " +
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
  pid_t helper = 0;
  std::ifstream(home.path("pid")) >> helper;
  REQUIRE(helper > 0);
  CHECK(::kill(helper, 0) == -1); // it was ended
  CHECK(errno == ESRCH);
}

TEST_CASE("a helper that is missing or fails is named") {
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

TEST_CASE("credentials are stored with the helper, or in the file, and read from there") {
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
