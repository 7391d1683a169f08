// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/engine.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;

namespace {

using Outcome = TagResult::Outcome;

/// A tag of a fake repository: its items in order, of which each depends on the one before it.
struct FakeTag {
  std::string name;
  std::vector<std::string> keys;
};

struct FakeRepository {
  std::string name;
  std::vector<FakeTag> tags;
  bool fails_to_list = false;
};

/// Source, destination, and what was asked of them.
struct World {
  std::mutex mutex;
  std::vector<FakeRepository> repositories;
  std::map<std::string, ErrorKind> broken; ///< keys that always fail
  /// By repository, keys that fail there.
  std::map<std::string, std::map<std::string, ErrorKind>> lacking;
  std::map<std::string, int> shaky; ///< keys that fail as unavailable so many times
  std::set<std::string> unlisted;   ///< tags whose items() fails
  std::set<std::string> of_unknown_size;
  std::function<void(const std::string& key)> on_move = [](const std::string&) {};

  std::multiset<std::string> moved; ///< keys, each time one was moved
  std::vector<std::string> attempts;
  std::set<std::string> tagged;
  std::map<std::string, TagResult> results;
  std::map<std::string, RepositoryWork::Ending> endings;
  std::size_t made = 0; ///< repositories that the engine asked for
  std::size_t open = 0; ///< transfers
  std::size_t most_open = 0;
  std::set<std::thread::id> threads;
};

class FakeTransfer final : public Transfer {
public:
  FakeTransfer(World& world, std::string name, std::vector<std::string> keys)
      : world_(world), name_(std::move(name)), keys_(std::move(keys)), is_there_(keys_.size()) {
    const std::lock_guard lock(world_.mutex);
    world_.most_open = std::max(world_.most_open, ++world_.open);
  }

  ~FakeTransfer() override {
    const std::lock_guard lock(world_.mutex);
    --world_.open;
  }

  std::vector<Item> items() override {
    if (world_.unlisted.contains(name_)) {
      throw Error(ErrorKind::not_found, "no such image");
    }
    std::vector<Item> items;
    for (const auto& key : keys_) {
      const bool is_known = !world_.of_unknown_size.contains(key);
      items.push_back({key, is_known ? std::optional<std::uint64_t>(10) : std::nullopt});
    }
    return items;
  }

  Moved move(std::size_t index) override {
    const auto& key = keys_.at(index);
    {
      const std::lock_guard lock(world_.mutex);
      world_.attempts.push_back(key);
      world_.threads.insert(std::this_thread::get_id());
    }
    world_.on_move(key);
    if (index > 0) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return failure_ || is_there_[index - 1]; });
      if (failure_) {
        rethrow_copy(failure_);
      }
    }
    {
      const std::lock_guard lock(world_.mutex);
      if (const auto found = world_.broken.find(key); found != world_.broken.end()) {
        throw Error(found->second, key + " is broken");
      }
      const auto& lacking = world_.lacking[name_.substr(0, name_.find(':'))];
      if (const auto found = lacking.find(key); found != lacking.end()) {
        throw Error(found->second, name_ + " lacks " + key);
      }
      if (world_.shaky[key]-- > 0) {
        throw Error(ErrorKind::unavailable, key + " is away");
      }
      world_.moved.insert(key);
    }
    note(index);
    return {false, 10};
  }

  void moved_elsewhere(std::size_t index) override {
    {
      const std::lock_guard lock(world_.mutex);
      CHECK(world_.moved.contains(keys_.at(index)));
    }
    note(index);
  }

  void abandon(std::exception_ptr reason) noexcept override {
    const std::lock_guard lock(mutex_);
    failure_ = failure_ ? failure_ : reason;
    changed_.notify_all();
  }

  void finish() override {
    CHECK(std::all_of(is_there_.begin(), is_there_.end(), [](bool there) { return there; }));
    const std::lock_guard lock(world_.mutex);
    for (const auto& key : keys_) {
      CHECK(world_.moved.contains(key));
    }
    world_.tagged.insert(name_);
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return nullptr; }

private:
  void note(std::size_t index) {
    const std::lock_guard lock(mutex_);
    CHECK(!is_there_[index]);
    is_there_[index] = true;
    changed_.notify_all();
  }

  World& world_;
  std::string name_;
  std::vector<std::string> keys_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> is_there_;
  std::exception_ptr failure_;
};

class FakeWork final : public RepositoryWork {
public:
  FakeWork(World& world, const FakeRepository& repository)
      : world_(world), repository_(repository) {}

  std::vector<PlannedTag> plan() override {
    if (repository_.fails_to_list) {
      throw Error(ErrorKind::denied, "not for you");
    }
    std::vector<PlannedTag> tags;
    for (const auto& tag : repository_.tags) {
      PlannedTag planned;
      planned.source_name = repository_.name;
      planned.tag = tag.name;
      tags.push_back(planned);
    }
    return tags;
  }

  std::unique_ptr<Transfer> open(const PlannedTag& planned) override {
    for (const auto& tag : repository_.tags) {
      if (tag.name == planned.tag) {
        return std::make_unique<FakeTransfer>(world_, name(tag.name), tag.keys);
      }
    }
    throw Error(ErrorKind::not_found, "no such tag");
  }

  void tag_over(const TagResult& result) override {
    const std::lock_guard lock(world_.mutex);
    CHECK(world_.results.emplace(name(result.tag.tag), result).second);
    CHECK(!world_.endings.contains(repository_.name));
  }

  void over(Ending ending, const std::exception_ptr& problem) override {
    const std::lock_guard lock(world_.mutex);
    CHECK(world_.endings.emplace(repository_.name, ending).second);
    CHECK((problem != nullptr) == (ending == Ending::failed));
  }

private:
  [[nodiscard]] std::string name(const std::string& tag) const {
    return repository_.name + ":" + tag;
  }

  World& world_;
  const FakeRepository& repository_;
};

/// Sums what it is told to expect.
class Expectations final : public ops::SilentProgress {
public:
  void expect(std::uint64_t tasks, const SizeSum& sizes) override {
    number += tasks;
    sum.bytes += sizes.bytes;
    sum.unknown += sizes.unknown;
  }

  std::uint64_t number = 0;
  SizeSum sum;
};

Expectations run(World& world, EngineOptions options) {
  SettledKeys settled;
  std::size_t next = 0;
  Expectations expected;
  run_engine(options, settled, expected, [&]() -> std::unique_ptr<RepositoryWork> {
    if (next == world.repositories.size()) {
      return nullptr;
    }
    const std::lock_guard lock(world.mutex);
    ++world.made;
    return std::make_unique<FakeWork>(world, world.repositories[next++]);
  });
  return expected;
}

std::string message(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const Error& error) {
    return error.message();
  }
}

const FakeRepository k_app = {"app", {{"1", {"a", "b", "c"}}, {"2", {"a", "b", "d"}}}};
const FakeRepository k_base = {"base", {{"1", {"a", "b"}}}};

} // namespace

TEST_SUITE_BEGIN("ops/mirror/engine");

TEST_CASE("one job moves items in order, each once, and sets a tag when its items are there") {
  World world;
  world.repositories = {k_app, k_base};
  run(world, {.jobs = 1});
  CHECK(world.attempts == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(world.tagged == std::set<std::string>{"app:1", "app:2", "base:1"});
  CHECK(world.results.at("app:1").items_moved == 3);
  CHECK(world.results.at("app:1").bytes == 30);
  CHECK(world.results.at("app:2").items_moved == 1);
  CHECK(world.results.at("app:2").items_there == 2);
  CHECK(world.results.at("base:1").items_there == 2);
  CHECK(world.endings.at("app") == RepositoryWork::Ending::complete);
}

TEST_CASE("the number of unknown sizes is reported to the progress") {
  World world;
  world.repositories = {k_app, k_base};
  world.of_unknown_size = {"a", "d"};
  const auto expected = run(world, {.jobs = 1});
  CHECK(expected.number == 4);
  CHECK(expected.sum == SizeSum{20, 2});
}

TEST_CASE("a key settled by an earlier run to the same destination is not moved again") {
  World world;
  world.repositories = {k_base};
  world.moved = {"a"};
  SettledKeys settled;
  settled.put("a");
  bool is_over = false;
  ops::SilentProgress silent;
  run_engine({.jobs = 2}, settled, silent, [&]() -> std::unique_ptr<RepositoryWork> {
    return std::exchange(is_over, true) ? nullptr
                                        : std::make_unique<FakeWork>(world, world.repositories[0]);
  });
  CHECK(world.attempts == std::vector<std::string>{"b"});
  CHECK(world.tagged.size() == 1);
}

TEST_CASE("a broken item fails every tag that needs it, once, and no other tag") {
  for (const std::size_t jobs : {1U, 2U, 16U}) {
    CAPTURE(jobs);
    World world;
    world.repositories = {k_app, k_base, {"other", {{"1", {"x", "y"}}, {"2", {"y"}}}}};
    world.broken = {{"b", ErrorKind::integrity}};
    run(world, {.jobs = jobs});
    CHECK(world.tagged == std::set<std::string>{"other:1", "other:2"});
    CHECK(std::count(world.attempts.begin(), world.attempts.end(), "b") == 1);
    for (const auto* tag : {"app:1", "app:2", "base:1"}) {
      CHECK(world.results.at(tag).outcome == Outcome::failed);
      CHECK(message(world.results.at(tag).problem) == "b is broken");
    }
    CHECK(world.endings.at("base") == RepositoryWork::Ending::incomplete);
    CHECK(world.endings.at("other") == RepositoryWork::Ending::complete);
  }
}

TEST_CASE("an item that one repository lacks fails that one's tags, once, and no other's") {
  for (const auto kind : {ErrorKind::not_found, ErrorKind::protocol}) {
    for (const std::size_t jobs : {1U, 2U, 16U}) {
      CAPTURE(jobs);
      World world;
      world.repositories = {k_app, k_base};
      world.lacking = {{"app", {{"b", kind}}}};
      run(world, {.jobs = jobs});
      CHECK(world.results.at("base:1").outcome == Outcome::done);
      CHECK(std::count(world.attempts.begin(), world.attempts.end(), "b") <= 2);
      if (jobs == 1) { // with more, base may be the first to ask for it
        CHECK(world.attempts == std::vector<std::string>{"a", "b", "b"});
        for (const auto* tag : {"app:1", "app:2"}) {
          CHECK(message(world.results.at(tag).problem) == "app:1 lacks b");
        }
      }
    }
  }
}

TEST_CASE("an item with a passing failure is tried again by the next tag that needs it") {
  for (const std::size_t jobs : {1U, 2U, 16U}) {
    CAPTURE(jobs);
    World world;
    world.repositories = {k_app, k_base};
    world.shaky = {{"a", 1}};
    run(world, {.jobs = jobs});
    CHECK(world.tagged.size() == 2);
    CHECK(world.moved.count("a") == 1);
    CHECK(std::count(world.attempts.begin(), world.attempts.end(), "a") == 2);
  }
}

TEST_CASE("a repository or tag that cannot be read fails, and the run goes on") {
  World world;
  world.repositories = {{"bad", {}, true}, k_app, k_base};
  world.unlisted = {"app:1"};
  run(world, {.jobs = 3});
  CHECK(world.endings.at("bad") == RepositoryWork::Ending::failed);
  CHECK(world.results.at("app:1").outcome == Outcome::failed);
  CHECK(world.tagged == std::set<std::string>{"app:2", "base:1"});
}

TEST_CASE("with fail_fast there is one failure, and the rest is reported as not done") {
  World world;
  world.repositories = {k_app, k_base, {"other", {{"1", {"x"}}}}};
  world.unlisted = {"app:1"};
  run(world, {.jobs = 1, .fail_fast = true});
  CHECK(world.results.at("app:1").outcome == Outcome::failed);
  CHECK(world.results.at("app:2").outcome == Outcome::not_done);
  CHECK(world.attempts.empty());
  CHECK(world.endings.at("app") == RepositoryWork::Ending::stopped);
  CHECK(world.endings.at("other") == RepositoryWork::Ending::stopped);
}

TEST_CASE("an interrupt ends the run, even while items wait for each other") {
  for (const std::size_t jobs : {1U, 2U, 16U}) {
    CAPTURE(jobs);
    World world;
    world.repositories = {k_app, k_base, {"other", {{"1", {"x"}}}}};
    std::atomic<bool> is_late = false;
    world.on_move = [&](const std::string& key) {
      if (key == "x") { // this item depends on no other, and could end before the interrupt
        is_late.wait(false);
      } else if (key == "a") {
        interrupt();
        is_late = true;
        is_late.notify_all();
        check_interrupted();
      }
    };
    run(world, {.jobs = jobs});
    reset_interrupt();
    CHECK(world.tagged.empty());
    CHECK(world.results.at("app:1").outcome == Outcome::not_done);
    CHECK(world.results.at("app:1").problem == nullptr);
    CHECK(world.endings.size() == 3);
    for (const auto& [name, ending] : world.endings) {
      CHECK(ending == RepositoryWork::Ending::stopped);
    }
  }
}

TEST_CASE("exactly as many threads work as there are jobs") {
  World world;
  std::vector<FakeTag> tags;
  for (int i = 0; i < 50; ++i) {
    tags.push_back({std::to_string(i), {std::to_string(i)}});
  }
  world.repositories = {{"many", tags}};
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t inside = 0;
  // The first three items meet: with fewer threads than three this would never end.
  world.on_move = [&](const std::string&) {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return inside >= 3; });
  };
  run(world, {.jobs = 3});
  CHECK(world.threads.size() == 3);
  CHECK(world.tagged.size() == 50);
}

TEST_CASE("few repositories and transfers are open at a time") {
  World world;
  for (int i = 0; i < 60; ++i) {
    const auto name = std::to_string(i);
    world.repositories.push_back({name, {{"1", {"k" + name}}, {"2", {"k" + name}}}});
  }
  std::size_t most_ahead = 0;
  world.on_move = [&](const std::string&) {
    const std::lock_guard lock(world.mutex);
    most_ahead = std::max(most_ahead, world.made - world.endings.size());
  };
  run(world, {.jobs = 2});
  CHECK(world.tagged.size() == 120);
  CHECK(world.most_open <= 4);
  CHECK(most_ahead <= 4 + 2); // one is being made, one is being ended
}

namespace {

/// Chains that branch off each other, spread over repositories, some items broken, some shaky.
void fill(World& world, std::mt19937& random) {
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  std::vector<std::vector<std::string>> chains;
  int names = 0;
  for (int i = 0; i < 12; ++i) {
    auto chain = chains.empty() ? std::vector<std::string>() : chains[pick(chains.size())];
    chain.resize(chain.empty() ? 0 : pick(chain.size() + 1));
    for (std::size_t n = 1 + pick(5); n > 0; --n) {
      chain.push_back("k" + std::to_string(names++));
    }
    chains.push_back(chain);
  }
  for (int i = 0; i < 6; ++i) {
    FakeRepository repository{"r" + std::to_string(i), {}, pick(8) == 0};
    for (std::size_t n = pick(6); n > 0; --n) {
      repository.tags.push_back({std::to_string(n), chains[pick(chains.size())]});
    }
    world.repositories.push_back(repository);
  }
  for (std::size_t n = pick(4); n > 0; --n) {
    world.broken["k" + std::to_string(pick(static_cast<std::size_t>(names)))] =
        ErrorKind::integrity;
  }
  for (std::size_t n = pick(4); n > 0; --n) {
    world.lacking["r" + std::to_string(pick(6))]
                 ["k" + std::to_string(pick(static_cast<std::size_t>(names)))] =
        ErrorKind::not_found;
  }
  for (std::size_t n = pick(6); n > 0; --n) {
    world.shaky["k" + std::to_string(pick(static_cast<std::size_t>(names)))] =
        1 + static_cast<int>(pick(2));
  }
}

/// With items that fail for some tags alone, the order of the tags matters.
void check(const World& world, bool has_order) {
  for (const auto& key : world.moved) {
    CAPTURE(key);
    CHECK(world.moved.count(key) == 1);
  }
  CHECK(world.endings.size() == world.repositories.size());
  for (const auto& repository : world.repositories) {
    for (const auto& tag : repository.tags) {
      const auto name = repository.name + ":" + tag.name;
      CAPTURE(name);
      if (repository.fails_to_list) {
        CHECK(!world.results.contains(name));
        continue;
      }
      const bool is_broken = std::any_of(tag.keys.begin(), tag.keys.end(), [&](const auto& key) {
        return world.broken.contains(key);
      });
      const auto& result = world.results.at(name);
      CHECK((result.outcome == Outcome::done) == world.tagged.contains(name));
      if (is_broken || !has_order) {
        CHECK((result.outcome == Outcome::failed) == is_broken);
      }
      if (result.outcome == Outcome::done) {
        CHECK(result.items_moved + result.items_there == tag.keys.size());
      }
    }
  }
}

} // namespace

TEST_CASE("no random run gets stuck, loses an item or moves one twice") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    World world;
    fill(world, random);
    const bool has_order = !world.shaky.empty() || !world.lacking.empty();
    const std::size_t jobs[] = {1, 2, 3, 16};
    std::mutex mutex;
    world.on_move = [&](const std::string&) {
      std::size_t yields = 0;
      {
        const std::lock_guard lock(mutex);
        yields = random() % 8;
      }
      while (yields-- > 0) {
        std::this_thread::yield();
      }
    };
    run(world, {.jobs = jobs[seed % 4]});
    check(world, has_order);
  }
}

TEST_SUITE_END();
