// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

using namespace regctl;

namespace {

/// Every test begins and ends not interrupted.
struct Fresh {
  Fresh() {
    install_interrupt_handlers();
    reset_interrupt();
  }
  ~Fresh() { reset_interrupt(); }
};

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::usage;
}

} // namespace

TEST_SUITE_BEGIN("base/interrupt");

TEST_CASE("a signal sets the state and makes the descriptor readable") {
  const Fresh fresh;
  CHECK_NOTHROW(check_interrupted());
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    install_interrupt_handlers();
    ::raise(signal);
    CHECK(is_interrupted());
    CHECK(kind_of([] { check_interrupted(); }) == ErrorKind::interrupted);
    struct pollfd waited = {interrupt_fd(), POLLIN, 0};
    CHECK(::poll(&waited, 1, 0) == 1);
    reset_interrupt();
    CHECK(::poll(&waited, 1, 0) == 0);
  }
}

TEST_CASE("a second signal ends the process, unless it comes with the first") {
  const Fresh fresh;
  ::raise(SIGINT);
  ::raise(SIGTERM); // as timeout(1) sends what is one wish
  const auto child = ::fork();
  if (child == 0) {
    for (;;) { // until one is no part of the first wish any more
      ::raise(SIGTERM);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("sleeping and waiting for a pipe end at once when interrupted") {
  const Fresh fresh;
  std::jthread sleeper(
      [] { CHECK(kind_of([] { interruptible_sleep_ms(600'000); }) == ErrorKind::interrupted); });
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const FileDescriptor writer(ends[1]);
  std::jthread reader([&] {
    const auto source = make_fd_source(FileDescriptor(ends[0]), "pipe");
    std::byte byte{};
    CHECK(kind_of([&] { source->read({&byte, 1}); }) == ErrorKind::interrupted);
  });
  interrupt();
}

TEST_CASE("a thread that is shielded takes no notice, others do") {
  const Fresh fresh;
  interrupt();
  {
    const InterruptionShield shield;
    const InterruptionShield inner;
    CHECK_FALSE(is_interrupted());
    CHECK(interrupt_fd() == -1);
    interruptible_sleep_ms(0);
    std::thread([] { CHECK(is_interrupted()); }).join();
  }
  CHECK(is_interrupted());
  CHECK(interrupt_fd() >= 0);
}

TEST_CASE("writing to a closed pipe is an error, not a signal") {
  const Fresh fresh;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const FileDescriptor writer(ends[1]);
  CHECK(kind_of([&] { write_fully(writer.get(), as_bytes("x"), "stdout"); }) ==
        ErrorKind::local_io);
}

TEST_SUITE_END();
