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

/// Where a run of many parts stands, as in "12 of 300 repositories" and "120 of 340 tags"; empty
/// for what is none.
struct Standing {
  std::string parts;
  std::string tags;
  double share = 1;                         ///< of the run that is over, 0 to 1
  std::chrono::milliseconds time_so_far{0}; ///< that it took

  [[nodiscard]] bool is_empty() const noexcept { return parts.empty() && tags.empty(); }
};

/// "3 of 12 layers, 45.1 MB of 120 MB, 3.2 MB/s, 0:17 left": what is known of it and fits, after
/// `standing`. Where that has tags and room is short, parts go first and layers next. While not all
/// of a run is over, the time left is not less than the time so far tells of the rest; as long as
/// nothing is over it is what the open parts need at least: "0:17+ left".
std::string total_line(const Tally& tally, const Standing& standing, std::size_t columns);

/// "90faa9565197 Pulling [=====>      ] 12.3 MB/65.6 MB 3.1 MB/s 0:17", without what does not fit.
std::string layer_line(const Tally::Layer& layer, std::size_t columns);

/// The lines to draw: one for each layer that moves, as many as the window has room for, and the
/// total. None while nothing moves and `standing` is empty. Each is narrower than the window, so
/// that none wraps.
std::vector<std::string> progress_lines(const Tally& tally, const Standing& standing,
                                        WindowSize window);

} // namespace regctl::cli
