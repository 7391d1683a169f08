// SPDX-License-Identifier: Apache-2.0
#include "server/http/daemon.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

using namespace regctl;
using namespace regctl::server;

namespace {

/// Never asked.
class Nobody final : public Application {
public:
  std::unique_ptr<Handler> begin(const Request&) override { return nullptr; }
  Response explain(const Request&, const Error&) noexcept override { return {}; }
  void done(const Request&, int, std::uint64_t, std::uint64_t, double) noexcept override {}
};

/// Opens and closes files until it goes, and sees whether somebody else closed one.
class Bystander {
public:
  Bystander() : thread_([this] { run(); }) {}
  ~Bystander() { end(); }

  bool end() {
    is_over_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return lost_;
  }

private:
  void run() {
    while (!is_over_ && !lost_) {
      std::array<int, 64> files{}; // several: one alone would have the same number each time
      for (auto& file : files) {
        file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      }
      for (const int file : files) {
        lost_ = ::close(file) != 0 || lost_;
      }
    }
  }

  std::atomic<bool> is_over_ = false;
  std::atomic<bool> lost_ = false;
  std::thread thread_;
};

} // namespace

TEST_SUITE_BEGIN("server/http/daemon");

TEST_CASE("an invalid certificate is refused, and no other descriptor is closed") {
  Nobody nobody;
  const auto listener = listen_on("127.0.0.1:0");
  DaemonOptions options;
  options.tls_certificate = "no certificate";
  options.tls_key = "no key";
  Bystander bystander;
  for (int attempt = 0; attempt < 3000; ++attempt) {
    CHECK_THROWS_AS(Daemon(nobody, listener, options), Error);
  }
  CHECK_FALSE(bystander.end());
  CHECK_NOTHROW(Daemon(nobody, listener, {}));
}

TEST_SUITE_END();
