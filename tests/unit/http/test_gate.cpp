// SPDX-License-Identifier: Apache-2.0
#include "http/gate.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

using namespace regctl;
using namespace regctl::http;
using namespace std::chrono_literals;

namespace {

const std::string k_host = "host:5000";

ClientOptions at_most(std::size_t most) {
  ClientOptions options;
  options.most_in_flight = most;
  return options;
}

} // namespace

TEST_SUITE_BEGIN("http/gate");

TEST_CASE("a limit grows with good answers and halves with refusals") {
  // b: one begins; a: the oldest is accepted and ends; r: it is refused and ends; R: it is refused
  // although it began before the last halving, and ends.
  struct Row {
    const char* events;
    std::size_t most;
    std::size_t limit;
  };
  const Row rows[] = {
      {"", 64, 8},
      {"", 3, 3},
      {"", 0, 1},
      {"ba", 64, 9},
      {"babababa", 64, 12},
      {"babababa", 10, 10},
      {"br", 64, 1},               // one was too many already
      {"bbbbr", 64, 2},            // half of what was in flight, not of what was allowed
      {"bbbbbbbbrRRRRRRR", 64, 4}, // one storm
      {"bbbbbbbbrRRRRRRRbbbbr", 64, 2},
      {"bbbbbbbbrRRRRRRRbrbrbr", 64, 1},
      {"bbbbrRRRba", 64, 2}, // one more after a round of two
      {"bbbbrRRRbaba", 64, 3},
      {"bbbbrRRRbabababa", 64, 3},
      {"bbbbrRRRbababababa", 64, 4},
      {"bbbbrRRRbabababababababababababababababababa", 4, 4},
  };
  for (const auto& row : rows) {
    CAPTURE(row.events);
    GateLimit limit(row.most);
    std::vector<std::uint64_t> begun; // with how many halvings, oldest first
    for (const char event : std::string(row.events)) {
      if (event == 'b') {
        begun.push_back(limit.begin());
        continue;
      }
      const auto halvings = begun.front();
      begun.erase(begun.begin());
      if (event == 'a') {
        limit.accept();
      } else {
        limit.refuse(halvings);
      }
      limit.end();
    }
    CHECK(limit.value() == row.limit);
  }
}

TEST_CASE("there is room until as many requests as the limit are in flight") {
  GateLimit limit(2);
  limit.begin();
  CHECK(limit.has_room());
  limit.begin();
  CHECK_FALSE(limit.has_room());
  limit.end();
  CHECK(limit.has_room());
}

TEST_CASE("methods are of three kinds") {
  CHECK(kind_of(Method::head) == RequestKind::head);
  CHECK(kind_of(Method::get) == RequestKind::get);
  for (const auto method : {Method::put, Method::post, Method::remove}) {
    CHECK(kind_of(method) == RequestKind::put);
  }
}

TEST_CASE("no more than the limit pass at a time, per host and kind") {
  Gates gates(at_most(2));
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto come_in = [&] {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
  };
  std::barrier both(2);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      const auto slot = gates.enter(k_host, Method::get);
      come_in();
      both.arrive_and_wait(); // two pass together, or this never ends
      --inside;
    });
  }
  threads.clear();
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const auto slot = gates.enter(k_host, Method::get);
        come_in();
        std::this_thread::yield();
        --inside;
      }
    });
  }
  threads.clear();
  CHECK(most == 2);
}

TEST_CASE("a gentle client sends two requests at a time, even if the limit is higher") {
  ClientOptions options;
  options.pace = Pace::gentle;
  Gates gates(options);
  std::atomic<bool> third_passed{false};
  auto first = gates.enter(k_host, Method::get);
  std::jthread second_thread([&] {
    auto second = gates.enter(k_host, Method::get);
    std::jthread third_thread([&] {
      const auto third = gates.enter(k_host, Method::get);
      third_passed = true;
    });
    const auto elsewhere = gates.enter("other:5000", Method::get); // passes at once
    const auto otherwise = gates.enter(k_host, Method::head);
    CHECK_FALSE(third_passed);
    second.reset(); // lets the third in
    third_thread.join();
    CHECK(third_passed);
  });
}

TEST_CASE("a thread with a slot does not wait for one of the same or a later kind") {
  Gates gates(at_most(1));
  const auto get = gates.enter(k_host, Method::get);
  const auto token = gates.enter(k_host, Method::get);
  const auto put = gates.enter(k_host, Method::put);
  const auto another = gates.enter(k_host, Method::put);
  CHECK(another != nullptr); // that is, we came here
}

TEST_CASE("a sender waits for room to read, and continues when there is some") {
  Gates gates(at_most(1));
  auto reader = gates.enter(k_host, Method::get);
  std::atomic<bool> passed{false};
  std::atomic<bool> sends{false};
  std::jthread sender([&] {
    const auto put = gates.enter(k_host, Method::put);
    sends = true;
    sends.notify_all();
    const auto get = gates.enter(k_host, Method::get);
    passed = true;
  });
  sends.wait(false);
  CHECK_FALSE(passed);
  reader.reset();
  sender.join();
  CHECK(passed);
}

TEST_CASE("threads that read while they send, both ways between two hosts, come to an end") {
  Gates gates(at_most(1));
  std::atomic<int> done{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 30; ++round) {
        const auto put = gates.enter(i % 2 == 0 ? "a" : "b", Method::put);
        const auto get = gates.enter(i % 2 == 0 ? "b" : "a", Method::get);
        const auto token = gates.enter(i % 2 == 0 ? "b" : "a", Method::put);
        ++done;
      }
    });
  }
  threads.clear();
  CHECK(done == 180);
}

TEST_CASE("a pause closes the gate only for requests of that host and kind") {
  Gates gates(at_most(8));
  gates.enter(k_host, Method::get)->answered(503, 500s);
  CHECK(gates.enter(k_host, Method::put) != nullptr);
  CHECK(gates.enter("other:5000", Method::get) != nullptr);

  const auto begin = std::chrono::steady_clock::now();
  gates.enter(k_host, Method::head)->answered(429, 50ms);
  CHECK(gates.enter(k_host, Method::head) != nullptr);
  CHECK(std::chrono::steady_clock::now() - begin >= 50ms);
}

TEST_CASE("a pause that is too long, or comes with another status, closes nothing") {
  Gates gates(at_most(8));
  gates.enter(k_host, Method::get)->answered(503, 24h);
  gates.enter(k_host, Method::get)->answered(200, 60s);
  gates.enter(k_host, Method::get)->answered(502, 60s);
  CHECK(gates.enter(k_host, Method::get) != nullptr);
}

TEST_CASE("what a rate limit leaves passes, of all kinds, and more once it is renewed") {
  Gates gates(at_most(8));
  const auto begin = std::chrono::steady_clock::now();
  const auto slot = gates.enter(k_host, Method::get);
  slot->answered(200, {});
  CHECK_FALSE(slot->limited({2, 300ms}));
  const auto one = gates.enter(k_host, Method::head);
  const auto two = gates.enter(k_host, Method::put);
  CHECK(gates.enter("other:5000", Method::get) != nullptr);
  CHECK(gates.enter(k_host, Method::get) != nullptr);
  CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
  one->answered(200, {});
  two->answered(200, {});
  two->limited({2, 500s});
  CHECK(gates.enter(k_host, Method::head) != nullptr); // or this never ends
}

TEST_CASE("requests without an answer count as those that the server has not counted") {
  Gates gates(at_most(8));
  const auto begin = std::chrono::steady_clock::now();
  const auto under_way = gates.enter(k_host, Method::get);
  const auto answered = gates.enter(k_host, Method::get);
  answered->answered(200, {});
  CHECK_FALSE(answered->limited({1, 100ms}));
  CHECK(gates.enter(k_host, Method::head) != nullptr); // the one that is left is under way
  CHECK(std::chrono::steady_clock::now() - begin >= 100ms);
  under_way->answered(200, {});
  CHECK_FALSE(under_way->limited({1, 500s}));
  CHECK(gates.enter(k_host, Method::head) != nullptr);
}

TEST_CASE("an answer that was overtaken gives nothing back, one about another time does") {
  Gates gates(at_most(8));
  const auto begin = std::chrono::steady_clock::now();
  const auto slot = gates.enter(k_host, Method::get);
  slot->answered(200, {});
  slot->limited({0, 100ms});
  slot->limited({1, 100ms});
  CHECK(gates.enter(k_host, Method::head) != nullptr);
  CHECK(std::chrono::steady_clock::now() - begin >= 100ms);
  slot->limited({0, 100s});
  slot->limited({1, 500s});
  CHECK(gates.enter(k_host, Method::head) != nullptr);
}

TEST_CASE("requests wait only for a rate limit that is used up") {
  Gates gates(at_most(8));
  const auto slot = gates.enter(k_host, Method::get);
  slot->answered(200, {});
  CHECK_FALSE(slot->limited({1, 500s}));
  CHECK(slot->limited({0, 500s}));
  CHECK_FALSE(slot->limited({0, 0s}));
}

TEST_CASE("a rate limit that nobody can wait for holds nothing back") {
  Gates gates(at_most(8));
  CHECK_FALSE(gates.enter(k_host, Method::get)->limited({0, 6h}));
  CHECK_FALSE(gates.enter(k_host, Method::get)->limited({0, {}}));
  gates.enter(k_host, Method::get)->limited({0, 0s});
  CHECK(gates.enter(k_host, Method::get) != nullptr);
}

TEST_CASE("an interruption ends the waiting") {
  install_interrupt_handlers();
  Gates gates(at_most(8));
  gates.enter(k_host, Method::get)->answered(503, 500s);
  interrupt();
  CHECK_THROWS_AS(gates.enter(k_host, Method::get), Error);
  reset_interrupt();
}

TEST_SUITE_END();
