// SPDX-License-Identifier: Apache-2.0
#include "cli/mirror_text.hpp"

#include "cli/counts.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/model/v1/image.hpp>

namespace regctl::cli {

namespace {

using ops::mirror::Action;
using Outcome = ops::mirror::TagResult::Outcome;

std::string tags(std::uint64_t number) {
  return number_of(number, "tag", "tags");
}

std::string repositories(std::uint64_t number) {
  return number_of(number, "repository", "repositories");
}

/// ", 3 failed"; empty for zero.
std::string unless_none(std::uint64_t number, const std::string& text) {
  return number == 0 ? std::string() : ", " + text;
}

/// The failures of whole mirrors and repositories, and everything not done.
std::string troubles(const ops::mirror::Summary& summary) {
  return unless_none(summary.repositories_failed,
                     repositories(summary.repositories_failed) + " failed") +
         unless_none(summary.mirrors_failed,
                     number_of(summary.mirrors_failed, "mirror", "mirrors") + " failed") +
         unless_none(summary.mirrors_not_done,
                     number_of(summary.mirrors_not_done, "mirror", "mirrors") + " not done") +
         unless_none(summary.not_done, tags(summary.not_done) + " not done") +
         unless_none(summary.repositories_not_done,
                     repositories(summary.repositories_not_done) + " not done");
}

/// "copy 4, keep 2": the planned actions.
std::string show_actions(const ops::mirror::PlanTotals& plan, std::uint64_t failed) {
  struct Row {
    std::string_view word;
    std::uint64_t number;
  };
  const Row rows[] = {
      {to_string(Action::copy), plan.copy},     {to_string(Action::update), plan.update},
      {to_string(Action::remove), plan.remove}, {to_string(Action::keep), plan.keep},
      {to_string(Action::skip), plan.skip},     {"broken at the source", failed}};
  std::string text;
  for (const auto& row : rows) {
    text += row.number == 0 ? std::string()
                            : (text.empty() ? ": " : ", ") + std::string(row.word) + " " +
                                  std::to_string(row.number);
  }
  return text;
}

std::string show_bytes(const ops::mirror::PlanTotals& plan, SizesAsked asked) {
  const auto shared = plan.bytes_shared == 0 ? std::string()
                                             : ", of which " + human_size(plan.bytes_shared) +
                                                   " are needed by several tags";
  if (plan.of_unknown_size == 0) {
    return human_size(plan.bytes) + " to move in " + number_of(plan.images, "image", "images") +
           shared;
  }
  const auto unknown = "for " + tags(plan.of_unknown_size) + " not all sizes are known" +
                       (asked == SizesAsked::no ? " (--sizes asks the source)" : "");
  return plan.bytes == 0
             ? unknown
             : "at least " + human_size(plan.bytes) + " to move" + shared + "; " + unknown;
}

} // namespace

bool is_shown(const ops::mirror::PlannedTag& tag, ShownTags shown) noexcept {
  return shown == ShownTags::all || tag.is_broken ||
         (tag.action != Action::keep && tag.action != Action::skip);
}

std::string show_id(const ops::mirror::PlannedTag& tag) {
  const auto& id = tag.identity ? tag.identity : tag.previous;
  return id ? short_identity(*id) : "-";
}

std::string result_line(const ops::mirror::TagResult& result, ShownTags shown) {
  const auto& tag = result.tag;
  if (!is_shown(tag, shown) || result.outcome != Outcome::done) {
    return {};
  }
  return std::string(outcome_word(result)) + " " + tag.destination_name + ":" + tag.tag + " " +
         show_id(tag);
}

std::string summary_line(const ops::mirror::Summary& summary, bool is_plan) {
  auto line = repositories(summary.repositories) + ": ";
  if (is_plan) {
    const auto& plan = summary.plan;
    line += tags(plan.changes()) + " to change";
    if (plan.changes() > 0 && plan.of_unknown_size == 0) {
      line += ", " + human_size(plan.bytes) + " to move";
    } else if (plan.bytes > 0) {
      line += ", at least " + human_size(plan.bytes) + " to move";
    }
  } else {
    line += tags(summary.copied) + " copied" +
            unless_none(summary.updated, std::to_string(summary.updated) + " updated") +
            unless_none(summary.deleted, std::to_string(summary.deleted) + " deleted") +
            unless_none(summary.kept, std::to_string(summary.kept) + " kept");
  }
  line += unless_none(summary.skipped, std::to_string(summary.skipped) + " skipped") +
          unless_none(summary.failed, tags(summary.failed) + " failed") + troubles(summary);
  if (!is_plan) {
    line += "; " + number_of(summary.images_moved, "image", "images") + " moved, " +
            human_size(summary.bytes) +
            unless_none(summary.images_unverified, std::to_string(summary.images_unverified) +
                                                       " of them without a checksum at the source");
  }
  return line + " in " +
         human_duration(std::chrono::duration_cast<std::chrono::seconds>(summary.time));
}

std::vector<std::string> plan_totals(const ops::mirror::Summary& summary, SizesAsked asked) {
  const auto& plan = summary.plan;
  const auto number = plan.tags() + summary.failed;
  std::vector<std::string> sentences = {tags(number) + " in " + repositories(summary.repositories) +
                                        show_actions(plan, summary.failed) + troubles(summary)};
  if (plan.copy + plan.update > 0) {
    sentences.push_back(show_bytes(plan, asked));
  }
  if (plan.requests > 0) {
    sentences.push_back((plan.of_unknown_images == 0 ? "about " : "at least ") +
                        number_of(plan.requests, "request", "requests"));
  }
  return sentences;
}

} // namespace regctl::cli
