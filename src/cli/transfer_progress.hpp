// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/progress_text.hpp"
#include "cli/tally.hpp"

#include <regctl/cli/console.hpp>
#include <regctl/ops/progress.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace regctl::cli {

enum class ProgressStyle {
  bars, ///< redrawn in place at the end of a terminal
  lines ///< permanent lines: begin and end of layers, and the totals now and then
};

/// The pause between two updates while layers only move on: a tenth of a second for bars, ten
/// seconds for lines.
std::chrono::milliseconds usual_pause(ProgressStyle style) noexcept;

/// Shows on `console.err` what moves. With bars, all other output is written above them and stays.
/// Between two drawings the cursor is below the bars, at the beginning of a line and visible, so
/// that the terminal is usable however the process ends. Thread-safe. Draws on its own thread,
/// which starts with the first layer and ends with the object.
class TransferProgress final : public ops::Progress {
public:
  /// `console` must outlive this.
  TransferProgress(Console& console, ProgressStyle style, std::chrono::milliseconds pause);
  ~TransferProgress() override;
  TransferProgress(const TransferProgress&) = delete;
  TransferProgress& operator=(const TransferProgress&) = delete;

  void expect(std::uint64_t tasks, const SizeSum& sizes) override;
  Task begin(const std::string& id, Verb verb, std::optional<std::uint64_t> total_bytes) override;
  void advance(Task task, std::uint64_t bytes) override;
  void restart(Task task) override;
  void finish(Task task) override;
  void fail(Task task) override;
  void skipped(const std::string& id, Verb verb, std::optional<std::uint64_t> total_bytes) override;
  void tagging(const std::string& id, const std::string& where) override;
  void standing(std::string_view text, double share) override;
  void standing_of_tags(std::string_view text) override;
  void note(std::string_view sentence) override;

  /// From now on single layers get no lines.
  void show_totals_only();

  /// Writes a line to `console.out`, above the bars.
  void print_line(const std::string& line);

private:
  void start_shower();
  void say(const std::string& line);
  void say_event(const std::string& line);
  [[nodiscard]] bool has_nothing_to_show() const;
  [[nodiscard]] std::string erasure(WindowSize window) const;
  void draw(const std::string& above);
  void look(ProgressClock::time_point now);
  void show_now_and_then();

  Console& console_;
  const ProgressStyle style_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_; ///< guards the members below
  Tally tally_;
  Standing standing_;
  std::optional<ProgressClock::time_point> standing_since_;
  bool totals_only_ = false;
  std::vector<std::size_t> drawn_; ///< the widths of the lines on the screen
  std::condition_variable stopping_;
  bool is_stopping_ = false;
  std::jthread shower_;
};

} // namespace regctl::cli
