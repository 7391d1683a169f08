// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/fake_server.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/registry/docker_engine.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace regctl;
using namespace regctl::registry;
using namespace regctl::test;

namespace {

/// An engine that $DOCKER_HOST names.
struct EngineHost {
  explicit EngineHost(const std::string& host = "tcp://engine:2375")
      : server("http://engine:2375") {
    ::setenv("DOCKER_HOST", host.c_str(), 1);
    server.on("GET /_ping", {{200, "OK"}});
  }
  ~EngineHost() { ::unsetenv("DOCKER_HOST"); }
  EngineHost(const EngineHost&) = delete;
  EngineHost& operator=(const EngineHost&) = delete;

  FakeServer server;
};

void load(DockerEngine& engine, const std::string& archive) {
  engine.load([&] { return make_text_source(archive); }, archive.size());
}

} // namespace

TEST_SUITE_BEGIN("registry/docker_engine");

TEST_CASE("an engine is pinged before any data are moved") {
  EngineHost host;
  CHECK(DockerEngine(host.server).describe() == "the Docker engine at tcp://engine:2375");
  host.server.on("GET /_ping", {no_answer()});
  try {
    const DockerEngine engine(host.server);
    FAIL("it was taken for granted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unavailable);
    CHECK(error.hint().find("is the Docker engine running") == 0); // none for registries
  }
}

TEST_CASE("an engine at another kind of address is a usage error") {
  EngineHost host("ssh://engine");
  CHECK(failure([&] { DockerEngine(host.server); }) == ErrorKind::usage);
  CHECK(host.server.lines().empty());
}

TEST_CASE("an image is saved as it streams") {
  EngineHost host;
  DockerEngine engine(host.server);
  host.server.on("GET /images/get?names=team%2Fapp%3A1.0", {{200, "an archive"}});
  CHECK(read_text(*engine.save("team/app:1.0"), 100, "it") == "an archive");
  CHECK(failure([&] { engine.save("team/other"); }) == ErrorKind::not_found);
}

TEST_CASE("an archive is loaded, and an error after the engine's 200 counts") {
  EngineHost host;
  DockerEngine engine(host.server);
  const auto line = "POST /images/load?quiet=1";
  host.server.on(line, {{200, "{\"stream\":\"Loaded\"}\n"}});
  load(engine, "an archive");
  CHECK(host.server.seen().back().body == "an archive");
  CHECK(host.server.seen().back().announced_bytes == 10);
  CHECK(host.server.seen().back().headers.find("Content-Type") == "application/x-tar");
  host.server.on(line, {{200, "{\"stream\":\"Loading\"}\n{\"error\":\"no space left\"}\n"}});
  try {
    load(engine, "an archive");
    FAIL("it was loaded");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::protocol);
    CHECK(error.message().ends_with("refuses the archive: no space left"));
  }
  host.server.on(line, {{500, R"({"message": "broken"})"}});
  CHECK(failure([&] { load(engine, "an archive"); }) == ErrorKind::unavailable);
}

TEST_SUITE_END();
