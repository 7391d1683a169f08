// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/file.hpp>
#include <regctl/http/client.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <string>

using namespace regctl;
using namespace regctl::http;

namespace {

/// A server that takes connections and never answers.
class SilentServer {
public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<::sockaddr*>(&address);
    REQUIRE(::bind(socket_.get(), generic, size) == 0);
    REQUIRE(::listen(socket_.get(), 1) == 0);
    REQUIRE(::getsockname(socket_.get(), generic, &size) == 0);
    port_ = ::ntohs(address.sin_port);
  }

  [[nodiscard]] Url url() const {
    return Url::parse("http://127.0.0.1:" + std::to_string(port_) + "/");
  }

private:
  FileDescriptor socket_;
  std::uint16_t port_ = 0;
};

} // namespace

TEST_SUITE_BEGIN("http/client");

TEST_CASE("a request may wait less long for its server than others do") {
  const SilentServer server;
  ClientOptions options;
  options.stall_timeout = std::chrono::minutes(10);
  Client client(options);
  Request request;
  request.url = server.url();
  request.stall_timeout = std::chrono::milliseconds(1);
  const auto attempt = client.attempt(request);
  REQUIRE(attempt.error);
  CHECK(attempt.error->kind() == ErrorKind::unavailable);
  CHECK(attempt.error->message().find("neither sent nor took a byte") != std::string::npos);
  CHECK(attempt.error->hint().empty()); // --timeout would change nothing
}

TEST_SUITE_END();
