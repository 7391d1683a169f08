// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tally.hpp"

#include <regctl/ops/progress.hpp>

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <thread>

namespace regctl::cli {

/// Progress for logs: a line when a layer begins and ends, as Docker's engine writes them, and on
/// long work a line every ten seconds.
class LineProgress final : public ops::Progress {
public:
  /// `err` must outlive this.
  explicit LineProgress(std::ostream& err);
  ~LineProgress() override;

  void expect(std::uint64_t tasks, std::uint64_t bytes) override;
  Task begin(const std::string& id, Verb verb, std::optional<std::uint64_t> total_bytes) override;
  void advance(Task task, std::uint64_t bytes) override;
  void restart(Task task) override;
  void finish(Task task) override;
  void fail(Task task) override;
  void skipped(const std::string& id, Verb verb) override;
  void tagging(const std::string& id, const std::string& where) override;
  void note(std::string_view sentence) override;

private:
  void say(std::string_view line);
  void tell_now_and_then();

  std::ostream& err_;
  std::mutex mutex_; ///< guards what follows
  Tally tally_;
  std::condition_variable stopping_;
  bool stopped_ = false;
  std::jthread teller_; // begun with the first task
};

/// "Pulling", "Download complete" and the like.
std::string_view begin_word(ops::Progress::Verb verb) noexcept;
std::string_view end_words(ops::Progress::Verb verb) noexcept;

} // namespace regctl::cli
