// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_text.hpp"

#include "cli/counts.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace regctl::cli {

namespace {

// Fields are as wide as their widest value, so that the columns do not jump.
constexpr std::size_t k_verb_columns = 7;
constexpr std::size_t k_size_columns = 8;  // "65.57 kB"
constexpr std::size_t k_rate_columns = 10; // "65.57 kB/s"
constexpr std::size_t k_time_columns = 7;  // "1:02:03"
constexpr std::size_t k_narrowest_bar = 10;
constexpr std::size_t k_widest_bar = 50;

std::string pad_left(const std::string& text, std::size_t columns) {
  return std::string(columns > text.size() ? columns - text.size() : 0, ' ') + text;
}

std::string show_rate(const RateMeter& rate) {
  const auto per_second = rate.bytes_per_second();
  return per_second ? human_size(*per_second) + "/s" : "";
}

using Seconds = std::optional<std::uint64_t>;

/// Nothing if unknown.
Seconds time_left(const RateMeter& rate, std::uint64_t done_bytes,
                  std::optional<std::uint64_t> total_bytes) {
  const auto per_second = rate.bytes_per_second();
  if (!per_second || *per_second == 0 || !total_bytes || *total_bytes < done_bytes) {
    return std::nullopt;
  }
  return (*total_bytes - done_bytes + *per_second - 1) / *per_second;
}

/// The expected bytes are only those of the open parts, so that their time is a lower bound.
Seconds time_left(const Tally& tally, const Standing& standing) {
  constexpr std::chrono::seconds k_too_early{1};
  const auto open = time_left(tally.rate(), tally.bytes_moved(), tally.bytes_expected());
  if (standing.share >= 1 || standing.share <= 0) {
    return open;
  }
  if (standing.time_so_far < k_too_early) {
    return std::nullopt;
  }
  const auto so_far_s = static_cast<double>(standing.time_so_far.count()) / 1000;
  const auto all_s = std::ceil(so_far_s * (1 - standing.share) / standing.share);
  return std::max(static_cast<std::uint64_t>(std::min(all_s, 1e9)), open.value_or(0));
}

/// Empty if unknown or very long.
std::string show(Seconds time) {
  constexpr std::uint64_t k_longest_s = 99 * 3600;
  return time && *time <= k_longest_s ? human_duration(std::chrono::seconds(*time)) : "";
}

std::string bar(const Tally::Layer& layer, std::size_t columns) {
  if (!layer.total_bytes) {
    return std::string(columns, ' ');
  }
  const auto inside = columns - 2;
  const auto share = *layer.total_bytes == 0 ? 1.0
                                             : static_cast<double>(layer.done_bytes) /
                                                   static_cast<double>(*layer.total_bytes);
  const auto filled = static_cast<std::size_t>(std::min(share, 1.0) * static_cast<double>(inside));
  std::string text(inside, ' ');
  std::fill_n(text.begin(), filled, '=');
  if (filled < inside) {
    text[filled] = '>';
  }
  return "[" + text + "]";
}

/// The parts that are not empty, separated by commas.
std::string join(std::vector<std::string> parts, const std::vector<std::string>& more) {
  parts.insert(parts.end(), more.begin(), more.end());
  std::string text;
  for (const auto& part : parts) {
    text += (text.empty() || part.empty() ? "" : ", ") + part;
  }
  return text;
}

std::string trim_right(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

} // namespace

std::string_view begin_word(ops::Progress::Verb verb) noexcept {
  switch (verb) {
  case ops::Progress::Verb::pulling:
    return "Pulling";
  case ops::Progress::Verb::pushing:
    return "Pushing";
  case ops::Progress::Verb::reading:
    return "Reading";
  case ops::Progress::Verb::copying:
    break;
  }
  return "Copying";
}

std::string_view end_words(ops::Progress::Verb verb) noexcept {
  switch (verb) {
  case ops::Progress::Verb::pulling:
    return "Download complete";
  case ops::Progress::Verb::pushing:
    return "Push complete";
  case ops::Progress::Verb::reading:
    return "Read complete";
  case ops::Progress::Verb::copying:
    break;
  }
  return "Copy complete";
}

std::string total_line(const Tally& tally, const Standing& standing, std::size_t columns) {
  const bool has_layers = tally.layers_expected() > 0 || standing.is_empty();
  const auto layers = has_layers ? std::to_string(tally.layers_over()) + " of " +
                                       number_of(tally.layers_expected(), "layer", "layers")
                                 : "";
  const auto moved = tally.bytes_moved();
  const auto expected = tally.bytes_expected();
  const auto left = show(time_left(tally, standing));
  std::vector<std::string> amounts; // the most important first
  if (has_layers) {
    const auto* of = tally.may_exceed_expected() ? " of at least " : " of ";
    amounts = {human_size(moved) + (expected ? of + human_size(*expected) : ""),
               show_rate(tally.rate())};
  }
  const bool takes_longer = standing.share <= 0 || tally.may_exceed_expected();
  const auto* more = takes_longer ? "+ left" : " left"; // a lower bound
  amounts.push_back(left.empty() ? "" : left + more);
  auto counts = std::vector<std::string>{standing.parts, standing.tags, layers};
  if (!standing.tags.empty() && join(counts, amounts).size() > columns) {
    counts.front().clear();
  }
  if (!standing.tags.empty() && join(counts, amounts).size() > columns) {
    counts.back().clear();
  }
  auto line = join(counts, {});
  for (const auto& amount : amounts) {
    if (auto longer = join({line}, {amount}); longer.size() <= columns) {
      line = std::move(longer);
    }
  }
  return ellipsize(line, columns);
}

std::string layer_line(const Tally::Layer& layer, std::size_t columns) {
  const auto verb = " " + pad(std::string(begin_word(layer.verb)), k_verb_columns);
  const auto size =
      " " + pad_left(human_size(layer.done_bytes), k_size_columns) +
      pad(layer.total_bytes ? "/" + human_size(*layer.total_bytes) : "", k_size_columns + 1);
  const auto rate = " " + pad_left(show_rate(layer.rate), k_rate_columns);
  const auto time = " " + pad_left(show(time_left(layer.rate, layer.done_bytes, layer.total_bytes)),
                                   k_time_columns);
  for (const auto& [left, right] :
       {std::pair(verb, size + rate + time), std::pair(verb, size + rate), std::pair(verb, size),
        std::pair(std::string(), size)}) {
    const auto used = layer.id.size() + left.size() + right.size();
    if (used + 1 + k_narrowest_bar <= columns) {
      const auto bar_columns = std::min(columns - used - 1, k_widest_bar);
      return trim_right(layer.id + left + " " + bar(layer, bar_columns) + right);
    }
  }
  return ellipsize(trim_right(layer.id + size), columns);
}

std::vector<std::string> progress_lines(const Tally& tally, const Standing& standing,
                                        WindowSize window) {
  std::vector<std::string> lines;
  if (tally.layers().empty() && standing.is_empty()) {
    return lines;
  }
  // One column stays free, since a full line wraps; one row is for the cursor, one for the total.
  const std::size_t columns = std::max(window.columns, 2U) - 1;
  const std::size_t rows = std::max(window.rows, 3U) - 2;
  for (const auto& [task, layer] : tally.layers()) {
    if (lines.size() == rows) {
      break;
    }
    lines.push_back(layer_line(layer, columns));
  }
  if (const auto hidden = tally.layers().size() - lines.size(); hidden > 0) {
    lines.back() = ellipsize("... and " + std::to_string(hidden + 1) + " more", columns);
  }
  lines.push_back(total_line(tally, standing, columns));
  return lines;
}

} // namespace regctl::cli
