// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/in_order.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

using namespace regctl;

TEST_SUITE_BEGIN("base/in_order");

TEST_CASE("results are passed on once each, in order, on the caller's thread") {
  const auto caller = std::this_thread::get_id();
  for (const std::size_t jobs : {0U, 1U, 3U, 16U}) {
    for (const std::size_t count : {0U, 1U, 100U, 2500U}) {
      CAPTURE(jobs);
      CAPTURE(count);
      std::vector<std::size_t> shown;
      run_in_order(jobs, [&](const auto& hand_over) {
        for (std::size_t i = 0; i < count; ++i) {
          hand_over([&shown, caller, i] {
            return [&shown, caller, i] {
              CHECK(std::this_thread::get_id() == caller);
              shown.push_back(i);
            };
          });
        }
      });
      CHECK(shown.size() == count);
      CHECK(std::is_sorted(shown.begin(), shown.end()));
    }
  }
}

TEST_CASE("a result is passed on while further tasks are still being found") {
  std::promise<void> is_shown;
  run_in_order(1, [&](const auto& hand_over) {
    hand_over([&] { return [&] { is_shown.set_value(); }; });
    is_shown.get_future().wait(); // for ever, if results waited for the end
  });
}

TEST_CASE("no task starts far ahead of what is passed on") {
  constexpr std::size_t k_count = 200;
  std::atomic<std::size_t> started = 0;
  std::size_t shown = 0;
  run_in_order(2, [&](const auto& hand_over) {
    for (std::size_t i = 0; i < k_count; ++i) {
      hand_over([&] {
        ++started;
        return [&] {
          ++shown;
          CHECK(started <= shown + 8);
        };
      });
    }
  });
  CHECK(shown == k_count);
}

TEST_CASE("what was found before an error of the search is passed on") {
  std::size_t shown = 0;
  CHECK_THROWS_WITH_AS(run_in_order(2,
                                    [&](const auto& hand_over) {
                                      for (int i = 0; i < 20; ++i) {
                                        hand_over([&] { return [&] { ++shown; }; });
                                      }
                                      throw Error(ErrorKind::protocol, "the second page");
                                    }),
                       "the second page", Error);
  CHECK(shown == 20);
}

TEST_CASE("an error of a task ends all, also a search without end") {
  CHECK_THROWS_WITH_AS(run_in_order(3,
                                    [&](const auto& hand_over) {
                                      for (int i = 0;; ++i) {
                                        hand_over([i]() -> Shown {
                                          if (i == 50) {
                                            throw Error(ErrorKind::denied, "the fiftieth");
                                          }
                                          return [] {};
                                        });
                                      }
                                    }),
                       "the fiftieth", Error);
  CHECK_THROWS_WITH_AS(run_in_order(3,
                                    [&](const auto& hand_over) {
                                      for (;;) {
                                        hand_over([]() -> Shown {
                                          return [] { throw Error(ErrorKind::local_io, "full"); };
                                        });
                                      }
                                    }),
                       "full", Error);
}

TEST_CASE("nothing is passed on after an interruption") {
  install_interrupt_handlers();
  reset_interrupt();
  CHECK_THROWS_AS(run_in_order(2,
                               [&](const auto& hand_over) {
                                 for (;;) {
                                   hand_over([]() -> Shown { return [] { interrupt(); }; });
                                 }
                               }),
                  Error);
  reset_interrupt();
}

TEST_SUITE_END();
