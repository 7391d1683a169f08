// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_text.hpp"

#include "cli/units.hpp"

#include <regctl/model/v1_image.hpp>

namespace regctl::cli {

namespace {

using ops::mirror::Action;
using Outcome = ops::mirror::TagResult::Outcome;

/// "3 tags", "1 tag".
std::string number_of(std::uint64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

/// ", 3 failed"; nothing for none.
std::string unless_none(std::uint64_t number, const std::string& text) {
  return number == 0 ? std::string() : ", " + text;
}

} // namespace

std::string result_line(const ops::mirror::TagResult& result) {
  const auto& tag = result.tag;
  const bool is_change = tag.action != Action::keep && tag.action != Action::skip;
  if (!is_change || result.outcome == Outcome::failed || result.outcome == Outcome::not_done) {
    return {};
  }
  const auto id = tag.action == Action::remove ? tag.previous : tag.identity;
  const auto named =
      " " + tag.destination_name + ":" + tag.tag + " " + (id ? short_id(*id) : std::string("-"));
  return result.outcome == Outcome::planned
             ? std::string(to_string(tag.action)) + named + " (" + tag.reason + ")"
             : std::string(outcome_word(result)) + named;
}

std::string summary_line(const ops::mirror::Summary& summary, bool is_plan) {
  const auto repositories = [](std::uint64_t n) {
    return number_of(n, "repository", "repositories");
  };
  const auto tags = [](std::uint64_t n) { return number_of(n, "tag", "tags"); };
  auto line = repositories(summary.repositories) + ": ";
  if (is_plan) {
    line += tags(summary.planned) + " to change";
    if (summary.planned > 0 && summary.planned_of_unknown_size == 0) {
      line += ", " + human_size(summary.bytes_ahead) + " to move";
    } else if (summary.bytes_ahead > 0) {
      line += ", at least " + human_size(summary.bytes_ahead) + " to move";
    }
  } else {
    line += tags(summary.copied) + " copied" +
            unless_none(summary.updated, std::to_string(summary.updated) + " updated") +
            unless_none(summary.deleted, std::to_string(summary.deleted) + " deleted") +
            unless_none(summary.kept, std::to_string(summary.kept) + " unchanged");
  }
  line += unless_none(summary.skipped, std::to_string(summary.skipped) + " left out") +
          unless_none(summary.failed, tags(summary.failed) + " failed") +
          unless_none(summary.repositories_failed,
                      repositories(summary.repositories_failed) + " failed") +
          unless_none(summary.mirrors_failed,
                      number_of(summary.mirrors_failed, "mirror", "mirrors") + " failed") +
          unless_none(summary.not_done, tags(summary.not_done) + " not done") +
          unless_none(summary.repositories_not_done,
                      repositories(summary.repositories_not_done) + " not done");
  if (!is_plan) {
    line += "; " + number_of(summary.images_moved, "image", "images") + " moved, " +
            human_size(summary.bytes);
  }
  return line + " in " +
         human_duration(std::chrono::duration_cast<std::chrono::seconds>(summary.time));
}

} // namespace regctl::cli
