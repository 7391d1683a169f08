// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/progress.hpp>

namespace regctl::ops {

namespace {

class SilentProgress final : public Progress {
public:
  void expect(std::uint64_t, std::uint64_t) override {}
  Task begin(const std::string&, Verb, std::optional<std::uint64_t>) override { return 0; }
  void advance(Task, std::uint64_t) override {}
  void restart(Task) override {}
  void finish(Task) override {}
  void fail(Task) override {}
  void skipped(const std::string&, Verb, std::optional<std::uint64_t>) override {}
  void tagging(const std::string&, const std::string&) override {}
  void note(std::string_view) override {}
};

} // namespace

Progress& silent_progress() {
  static SilentProgress silent;
  return silent;
}

} // namespace regctl::ops
