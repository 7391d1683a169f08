// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::server;

namespace {

ErrorKind failure(const std::string& address) {
  try {
    listen_on(address);
  } catch (const Error& error) {
    CHECK(error.message().find(address) != std::string::npos);
    return error.kind();
  }
  FAIL("it listens");
  return {};
}

} // namespace

TEST_SUITE_BEGIN("server/http/listen");

TEST_CASE("loopback addresses are recognised") {
  struct Row {
    const char* address;
    bool is_loopback;
  };
  const Row rows[] = {
      {"127.0.0.1:0", true}, {"127.1.2.3:0", true}, {"localhost:0", true}, {"0.0.0.0:0", false}};
  for (const auto& row : rows) {
    CAPTURE(row.address);
    const auto listener = listen_on(row.address);
    CHECK(is_on_loopback(listener) == row.is_loopback);
    CHECK(port_of(listener) != 0);
  }
}

TEST_CASE("a malformed address is a usage error, and one in use is unavailable") {
  for (const auto* address :
       {"", ":", "host", "5000", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1: 1", "127.0.0.1:65536", "127.0.0.1:99999999999", "127.0.0.1:5000x",
        "127.0.0.1.1:0", "no such host:0"}) {
    CAPTURE(address);
    CHECK(failure(address) == ErrorKind::usage);
  }
  const auto listener = listen_on("127.0.0.1:0");
  CHECK(failure("127.0.0.1:" + std::to_string(port_of(listener))) == ErrorKind::unavailable);
}
