// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tally.hpp"

#include <regctl/ops/progress.hpp>

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace regctl::cli {

/// Progress on a terminal: a bar for each layer that moves and a line for the total, drawn over
/// each other ten times a second; everything else is written above them and stays.
class TerminalProgress final : public ops::Progress {
public:
  /// `err` must outlive this.
  explicit TerminalProgress(std::ostream& err);
  ~TerminalProgress() override;

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
  void say(const std::string& line);
  void erase();
  void draw();
  void draw_until_stopped();

  std::ostream& err_;
  std::mutex mutex_; ///< guards what follows
  Tally tally_;
  std::size_t drawn_lines_ = 0;
  std::condition_variable stopping_;
  bool stopped_ = false;
  std::jthread painter_; // begun with the first task
};

/// The line of one layer, at most `columns` wide:
/// "90faa9565197 Pulling [=====>     ] 12.3 MB of 65.6 MB, 3.1 MB/s, 17 s left".
std::string bar_line(const Tally::Running& running, std::size_t columns,
                     Tally::Clock::time_point now);

} // namespace regctl::cli
