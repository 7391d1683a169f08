// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/progress.hpp>

#include <mutex>
#include <string>

namespace regctl::test {

/// Keeps the notes, one a line.
class Notes : public ops::Progress {
public:
  void expect(std::uint64_t, std::uint64_t) override {}
  Task begin(const std::string&, Verb, std::optional<std::uint64_t>) override { return 0; }
  void advance(Task, std::uint64_t) override {}
  void restart(Task) override {}
  void finish(Task) override {}
  void fail(Task) override {}
  void skipped(const std::string&, Verb, std::optional<std::uint64_t>) override {}
  void tagging(const std::string&, const std::string&) override {}
  void note(std::string_view sentence) override {
    const std::lock_guard lock(mutex);
    text += std::string(sentence) + "\n";
  }

  std::string text;

private:
  std::mutex mutex;
};

} // namespace regctl::test
