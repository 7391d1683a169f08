// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/parallel.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

using namespace regctl;

TEST_SUITE_BEGIN("base/parallel");

TEST_CASE("every index is called once, with any number of jobs") {
  for (const std::size_t jobs : {0U, 1U, 3U, 64U}) {
    for (const std::size_t count : {0U, 1U, 2U, 100U}) {
      CAPTURE(jobs);
      CAPTURE(count);
      std::vector<std::atomic<int>> done(count);
      run_parallel(jobs, count, [&](std::size_t i) { ++done[i]; });
      for (const auto& times : done) {
        CHECK(times == 1);
      }
    }
  }
}

TEST_CASE("as many calls run at a time as there are jobs") {
  std::barrier together(4); // would never be passed by fewer
  run_parallel(4, 4, [&](std::size_t) { together.arrive_and_wait(); });
}

TEST_CASE("one job runs on the caller's thread, in order") {
  std::vector<std::size_t> order;
  run_parallel(1, 5, [&](std::size_t i) {
    order.push_back(i);
    CHECK(std::this_thread::get_id() != std::thread::id());
  });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("the first error stops the start of further work and is rethrown") {
  std::atomic<int> started{0};
  CHECK_THROWS_WITH_AS(run_parallel(1, 100,
                                    [&](std::size_t i) {
                                      ++started;
                                      if (i == 3) {
                                        throw Error(ErrorKind::integrity, "the fourth");
                                      }
                                    }),
                       "the fourth", Error);
  CHECK(started == 4);
}

TEST_CASE("nothing is started after an interruption") {
  install_interrupt_handlers();
  reset_interrupt();
  std::atomic<int> started{0};
  CHECK_THROWS_AS(run_parallel(2, 1000,
                               [&](std::size_t) {
                                 ++started;
                                 interrupt();
                               }),
                  Error);
  CHECK(started <= 2);
  reset_interrupt();
}

TEST_SUITE_END();
