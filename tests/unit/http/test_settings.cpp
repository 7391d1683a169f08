// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/settings.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::http;

namespace {

namespace fs = std::filesystem;

const std::string k_host = "host:5000";

/// A home of its own.
class Home {
public:
  Home() {
    ::setenv("HOME", folder_.path().c_str(), 1);
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("REGCTL_CONFIG");
  }
  ~Home() {
    ::setenv("HOME", "/nonexistent", 1);
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("REGCTL_CONFIG");
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
    auto path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

private:
  test::TemporaryFolder folder_;
};

std::string with_ca(const std::string& file) {
  return R"({"registries": {"host:5000": {"ca_file": ")" + file + R"("}}})";
}

} // namespace

TEST_SUITE_BEGIN("http/settings");

TEST_CASE("each member is read, for its host alone") {
  const Home home;
  Settings::Flags flags;
  flags.config = home.write("c.json", R"({"registries": {"host:5000": {"insecure": true,
    "plain_http": true, "ca_file": "a", "client_cert": "b", "client_key": "c"}, "other": {}}})");
  const auto settings = Settings::load(flags);
  const auto found = settings.for_host(k_host);
  CHECK(found.insecure);
  CHECK(found.plain_http);
  CHECK(found.ca_file == "a");
  CHECK(found.client_cert == "b");
  CHECK(found.client_key == "c");
  for (const char* host : {"other", "host", "host:5001"}) {
    const auto none = settings.for_host(host);
    CHECK_FALSE(none.insecure);
    CHECK_FALSE(none.plain_http);
    CHECK(none.ca_file.empty());
  }
}

TEST_CASE("a wrong member is a usage error that names file and member") {
  struct Row {
    const char* text;
    const char* words;
  };
  const Row rows[] = {
      {"", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"registry": {}})", "registry is unknown"},
      {R"({"registries": []})", "registries is not an object"},
      {R"({"registries": {"h": 1}})", "registries[\"h\"] is not an object"},
      {R"({"registries": {"h": {"insecure": "yes"}}})",
       "registries[\"h\"].insecure is not true or false"},
      {R"({"registries": {"h": {"plain_http": 1}}})",
       "registries[\"h\"].plain_http is not true or false"},
      {R"({"registries": {"h": {"ca_file": true}}})", "registries[\"h\"].ca_file is not a string"},
      {R"({"registries": {"h": {"cafile": "x"}}})", "registries[\"h\"].cafile is unknown"},
  };
  const Home home;
  for (const auto& row : rows) {
    CAPTURE(row.text);
    Settings::Flags flags;
    flags.config = home.write("c.json", row.text);
    try {
      static_cast<void>(Settings::load(flags));
      FAIL("no error");
    } catch (const Error& error) {
      CAPTURE(error.message());
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(flags.config.string()) != std::string::npos);
      CHECK(error.message().find(row.words) != std::string::npos);
    }
  }
}

TEST_CASE("the configuration is the one named, that of REGCTL_CONFIG, or the usual one") {
  const Home home;
  CHECK(Settings::load({}).for_host(k_host).ca_file.empty());
  static_cast<void>(home.write(".config/regctl/config.json", with_ca("usual")));
  CHECK(Settings::load({}).for_host(k_host).ca_file == "usual");
  ::setenv("XDG_CONFIG_HOME",
           home.write("xdg/regctl/config.json", with_ca("xdg")).parent_path().parent_path().c_str(),
           1);
  CHECK(Settings::load({}).for_host(k_host).ca_file == "xdg");
  ::setenv("REGCTL_CONFIG", home.write("e.json", with_ca("environment")).c_str(), 1);
  CHECK(Settings::load({}).for_host(k_host).ca_file == "environment");
  Settings::Flags flags;
  flags.config = home.write("f.json", with_ca("flag"));
  CHECK(Settings::load(flags).for_host(k_host).ca_file == "flag");
  flags.config = "/nonexistent/config.json"; // named, so it must be there
  CHECK_THROWS_AS(Settings::load(flags), Error);
}

TEST_CASE("flags come before the configuration, and are for every host") {
  const Home home;
  Settings::Flags flags;
  flags.config = home.write("c.json", with_ca("configured"));
  flags.ca_file = "flag";
  flags.plain_http = true;
  flags.insecure = true;
  flags.client_cert = "cert";
  flags.client_key = "key";
  for (const auto& host : {k_host, std::string("other")}) {
    const auto found = Settings::load(flags).for_host(host);
    CHECK(found.ca_file == "flag");
    CHECK(found.plain_http);
    CHECK(found.insecure);
    CHECK(found.client_cert == "cert");
    CHECK(found.client_key == "key");
  }
}

TEST_CASE("certs.d folders are read, Docker's before those of containers") {
  const Home home;
  const auto authority = home.write(".config/containers/certs.d/host:5000/ca.crt", "");
  const auto cert = home.write(".config/containers/certs.d/host:5000/bob.cert", "");
  const auto key = home.write(".config/containers/certs.d/host:5000/bob.key", "");
  auto found = Settings::load({}).for_host(k_host);
  CHECK(found.certs_d_authorities == std::vector{authority.string()});
  CHECK(found.certs_d_certificates == std::vector{ClientCertificate{cert.string(), key.string()}});
  CHECK(Settings::load({}).for_host("host").certs_d_authorities.empty());

  const auto dockers = home.write(".docker/certs.d/host:5000/other.crt", "");
  found = Settings::load({}).for_host(k_host);
  CHECK(found.certs_d_authorities == std::vector{dockers.string()});
  CHECK(found.certs_d_certificates.size() == 1);

  Settings::Flags flags;
  flags.config = home.write("c.json", with_ca("configured"));
  found = Settings::load(flags).for_host(k_host);
  CHECK(found.ca_file == "configured");
  CHECK(found.certs_d_authorities.empty());
}

TEST_CASE("all authorities of a certs.d folder count, and all certificates of ours") {
  const Home home;
  const std::string folder = ".docker/certs.d/host:5000/";
  const auto one = home.write(folder + "a-old.crt", "");
  const auto other = home.write(folder + "b-new.crt", "");
  const auto cert = home.write(folder + "x.cert", "");
  for (const char* name : {"x.key", "y.cert", "y.key", "z.pem", "README"}) {
    static_cast<void>(home.write(folder + name, ""));
  }
  const auto found = Settings::load({}).for_host(k_host);
  CHECK(found.certs_d_authorities == std::vector{one.string(), other.string()});
  REQUIRE(found.certs_d_certificates.size() == 2);
  CHECK(found.certs_d_certificates[0].file == cert.string());
  Settings::Flags flags;
  flags.client_cert = "flag";
  CHECK(Settings::load(flags).for_host(k_host).certs_d_certificates.empty());
}

TEST_CASE("a certs.d folder may be called HOST or HOST:443 where that is the port") {
  const Home home;
  const auto plain = home.write(".docker/certs.d/plain.example/ca.crt", "");
  const auto numbered = home.write(".docker/certs.d/numbered.example:443/ca.crt", "");
  const auto ipv6 = home.write(".docker/certs.d/[::1]:443/ca.crt", "");
  const auto settings = Settings::load({});
  struct Row {
    const char* host;
    std::string file;
  };
  const Row rows[] = {
      {"plain.example", plain.string()},
      {"plain.example:443", plain.string()},
      {"plain.example:5000", ""},
      {"numbered.example", numbered.string()},
      {"numbered.example:443", numbered.string()},
      {"numbered.example:5000", ""},
      {"[::1]", ipv6.string()},
      {"[::1]:5000", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.host);
    const auto found = settings.for_host(row.host).certs_d_authorities;
    CHECK(found == (row.file.empty() ? std::vector<std::string>() : std::vector{row.file}));
  }
}

TEST_CASE("a certificate without its key is an error, and so is a key without its certificate") {
  for (const char* name : {"bob.cert", "bob.key"}) {
    CAPTURE(name);
    const Home home;
    static_cast<void>(home.write(std::string(".docker/certs.d/host:5000/") + name, ""));
    CHECK_THROWS_AS(static_cast<void>(Settings::load({}).for_host(k_host)), Error);
  }
}

TEST_CASE("the configuration may call a host HOST or HOST:443 where that is the port") {
  const Home home;
  http::Settings::Flags flags;
  flags.config = home.write("config.json", R"({"registries": {
    "plain.example": {"endpoints": "trusted"}, "numbered.example:443": {"endpoints": "trusted"},
    "both.example": {"endpoints": "trusted"}, "both.example:443": {"endpoints": "tokens"}}})");
  const auto settings = Settings::load(flags);
  for (const auto* host : {"plain.example", "plain.example:443", "numbered.example",
                           "numbered.example:443", "both.example"}) {
    CAPTURE(host);
    CHECK(settings.for_host(host).endpoints == EndpointTrust::password);
  }
  for (const auto* host : {"plain.example:5000", "numbered.example:80", "both.example:443"}) {
    CAPTURE(host);
    CHECK(settings.for_host(host).endpoints == EndpointTrust::tokens);
  }
}

TEST_CASE("tls_min and endpoints are read, and wrong values refused") {
  const Home home;
  Settings::Flags flags;
  flags.config = home.write("c.json", R"({"registries": {"host:5000": {"tls_min": "1.0",
    "endpoints": "trusted"}, "other": {}}})");
  const auto found = Settings::load(flags).for_host(k_host);
  CHECK(found.tls_min == TlsVersion::v1_0);
  CHECK(found.endpoints == EndpointTrust::password);
  const auto none = Settings::load(flags).for_host("other");
  CHECK_FALSE(none.tls_min);
  CHECK(none.endpoints == EndpointTrust::tokens);
  flags.tls_min = TlsVersion::v1_3;
  CHECK(Settings::load(flags).for_host(k_host).tls_min == TlsVersion::v1_3);
  for (const char* member : {R"("tls_min": "1.4")", R"("tls_min": 1.2)", R"("endpoints": "all")"}) {
    CAPTURE(member);
    flags.config = home.write("d.json", std::string(R"({"registries": {"h": {)") + member + "}}}");
    CHECK_THROWS_AS(Settings::load(flags), Error);
  }
}

TEST_SUITE_END();
