// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tally.hpp"

#include <regctl/cli/console.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// "Pulling", "Pushing", "Copying", "Reading". Source: the engines' words.
std::string_view begin_word(ops::Progress::Verb verb) noexcept;
/// "Download complete", "Push complete", "Copy complete", "Read complete".
std::string_view end_words(ops::Progress::Verb verb) noexcept;

/// How far a run of many parts has come, as in "12 of 300 repositories" and "120 of 340 tags";
/// empty for other runs.
struct Standing {
  std::string parts;
  std::string tags;
  double share = 1;                         ///< the finished share of the run, 0 to 1
  std::chrono::milliseconds time_so_far{0}; ///< since the run began

  [[nodiscard]] bool is_empty() const noexcept { return parts.empty() && tags.empty(); }
};

/// "3 of 12 layers, 45.1 MB of 120 MB, 3.2 MB/s, 0:17 left": all known amounts that fit, after
/// `standing`. If `standing` has tags and room is short, its parts are left out first, then the
/// layers.
///
/// While `standing.share` is below 1, the time left is at least what the time so far predicts for
/// the rest. While it is 0, only the open parts are known, so that their time is a lower bound:
/// "0:17+ left".
std::string total_line(const Tally& tally, const Standing& standing, std::size_t columns);

/// "90faa9565197 Pulling [=====>      ] 12.3 MB/65.6 MB 3.1 MB/s 0:17", without parts that do not
/// fit.
std::string layer_line(const Tally::Layer& layer, std::size_t columns);

/// The lines to draw: one for each moving layer, as many as fit into the window, and the total.
/// None while nothing moves and `standing` is empty. Each is narrower than the window, so that none
/// wraps.
std::vector<std::string> progress_lines(const Tally& tally, const Standing& standing,
                                        WindowSize window);

} // namespace regctl::cli
