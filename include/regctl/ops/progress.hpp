// SPDX-License-Identifier: Apache-2.0
#pragma once

// ops/: one file per verb. It knows what a command does, but not how it is called or shown. Uses
// repositories, never HTTP; reports through Progress.

#include <regctl/base/quantity.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::ops {

/// Receives the progress of a long operation. Thread-safe; must not throw.
class Progress {
public:
  using Task = std::uint64_t;
  enum class Verb { pulling, pushing, copying, reading };

  virtual ~Progress() = default;

  /// Adds to the totals: this many tasks and bytes are ahead.
  virtual void expect(std::uint64_t tasks, const SizeSum& sizes) = 0;

  /// A layer begins to be copied, or to be read for a check. `id` is the image's full ID;
  /// `total_bytes` is absent if unknown.
  virtual Task begin(const std::string& id, Verb verb,
                     std::optional<std::uint64_t> total_bytes) = 0;
  virtual void advance(Task task, std::uint64_t bytes) = 0;
  /// The task starts again from its first byte.
  virtual void restart(Task task) = 0;
  virtual void finish(Task task) = 0;
  virtual void fail(Task task) = 0;

  /// An image was already there: "Image ID already pushed, skipping". Its expected task and bytes
  /// are taken off the totals.
  virtual void skipped(const std::string& id, Verb verb,
                       std::optional<std::uint64_t> total_bytes) = 0;

  /// "Pushing tag for rev [ID] on {WHERE}".
  virtual void tagging(const std::string& id, const std::string& where) = 0;

  /// How far a run of many parts has come, as in "12 of 300 repositories"; shown before the totals.
  /// `share` (0 to 1) is how much of the run is over, as far as that is known; the bytes of one
  /// layer say little about it. An empty text ends the run.
  virtual void standing(std::string_view /*text*/, double /*share*/) {}
  /// How far the parts' tags have come, as in "120 of 340 tags". Replaces the text above if room is
  /// short.
  virtual void standing_of_tags(std::string_view) {}

  /// One sentence that the user should see (a warning, a retry).
  virtual void note(std::string_view sentence) = 0;
  /// A failure of one part while the others go on. It is shown even if the user wants only errors.
  virtual void failure(std::string_view sentence) { note(sentence); }
};

/// Ignores everything; override what you need.
class SilentProgress : public Progress {
public:
  void expect(std::uint64_t, const SizeSum&) override {}
  Task begin(const std::string&, Verb, std::optional<std::uint64_t>) override { return 0; }
  void advance(Task, std::uint64_t) override {}
  void restart(Task) override {}
  void finish(Task) override {}
  void fail(Task) override {}
  void skipped(const std::string&, Verb, std::optional<std::uint64_t>) override {}
  void tagging(const std::string&, const std::string&) override {}
  void note(std::string_view) override {}
};

} // namespace regctl::ops
