// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/report_json.hpp"

#include "ops/map/verdict.hpp"

#include <regctl/base/json.hpp>
#include <regctl/ops/problem.hpp>

namespace regctl::ops::mirror {

namespace {

double seconds(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

Json number_or_null(std::uint64_t number, bool is_known) {
  return is_known ? Json(number) : Json(nullptr);
}

bool is_transferred(const TagResult& result) {
  return result.outcome == TagResult::Outcome::done && is_transfer(result.tag);
}

/// Null for a tag that was not transferred.
Json verified_or_null(const TagResult& result) {
  return is_transferred(result) ? Json(result.is_verified) : Json(nullptr);
}

/// The v1 image and the manifest that a tag names at the two ends, and the verdict on its image.
void put_both_identities(Json& record, const TagResult& result, Conversion conversion) {
  const auto& tag = result.tag;
  const auto* notes = result.made && is_transferred(result) ? &result.made->notes
                      : result.chain                        ? &result.chain->notes
                                                            : nullptr;
  std::optional<std::string> there;
  if (result.made) {
    there = result.made->digest.to_string();
  } else if (result.chain) {
    there = result.chain->id;
  } else if (tag.action == Action::keep) {
    there = tag.previous;
  }
  auto from = tag.identity;
  if (!from && result.made && !result.made->id.empty()) {
    from = result.made->id; // of a tag whose name says that it never changes
  }
  const bool is_from_v1 = conversion == Conversion::v1_to_oci;
  record["id"] = or_null(is_from_v1 ? from : there);
  record["digest"] = or_null(is_from_v1 ? there : from);
  const bool is_of_image = result.problem && !(is_from_v1 && result.was_judged);
  const auto error = is_of_image ? explain(result.problem).kind : std::nullopt;
  record["verdict"] = or_null(verdict_of(result.fault, error, notes));
}

void put(Json& record, const Ahead& ahead) {
  record["images_ahead"] = number_or_null(ahead.images, ahead.has_all_images);
  record["bytes_ahead"] = number_or_null(ahead.bytes, ahead.has_all_sizes);
  record["bytes_shared"] = number_or_null(ahead.bytes_shared, ahead.has_all_sizes);
  record["requests_ahead"] = ahead.requests;
}

} // namespace

Json tag_record(const TagResult& result, const Report::Mirror& mirror) {
  const auto& tag = result.tag;
  Json record = {{"type", "tag"},
                 {"from", mirror.from},
                 {"to", mirror.to},
                 {"source", tag.source_name},
                 {"destination", tag.destination_name},
                 {"tag", tag.tag},
                 {"action", to_string(tag.action)},
                 {"reason", tag.reason},
                 {"identity", or_null(tag.identity)},
                 {"previous", or_null(tag.previous)},
                 {"outcome", outcome_word(result)},
                 {"images", result.items_moved},
                 {"images_there", result.items_there},
                 {"images_unverified", result.items_unverified},
                 {"verified", verified_or_null(result)},
                 {"bytes", result.bytes},
                 {"seconds", seconds(result.time)}};
  if (tag.is_broken) {
    record["broken"] = true;
  }
  if (tag.is_damaged) {
    record["damaged"] = true;
  }
  if (result.outcome == TagResult::Outcome::planned) {
    put(record, result.ahead);
  }
  if (mirror.conversion != Conversion::none) {
    put_both_identities(record, result, mirror.conversion);
  }
  if (!result.rescued.empty()) {
    record["rescued"] = result.rescued;
  }
  if (result.problem) {
    record["error"] = to_json(explain(result.problem));
  }
  return record;
}

Json summary_record(const Summary& summary) {
  const auto& plan = summary.plan;
  return {{"type", "summary"},
          {"interrupted", summary.is_interrupted},
          {"mirrors_failed", summary.mirrors_failed},
          {"mirrors_not_done", summary.mirrors_not_done},
          {"repositories", summary.repositories},
          {"repositories_failed", summary.repositories_failed},
          {"repositories_not_done", summary.repositories_not_done},
          {"copied", summary.copied},
          {"updated", summary.updated},
          {"kept", summary.kept},
          {"deleted", summary.deleted},
          {"skipped", summary.skipped},
          {"failed", summary.failed},
          {"not_done", summary.not_done},
          {"planned", plan.changes()},
          {"to_copy", plan.copy},
          {"to_update", plan.update},
          {"to_keep", plan.keep},
          {"to_delete", plan.remove},
          {"to_skip", plan.skip},
          {"images_ahead", plan.images},
          {"bytes_ahead", plan.bytes},
          {"bytes_shared", plan.bytes_shared},
          {"requests_ahead", plan.requests},
          {"planned_of_unknown_images", plan.of_unknown_images},
          {"planned_of_unknown_size", plan.of_unknown_size},
          {"images", summary.images_moved},
          {"images_unverified", summary.images_unverified},
          {"bytes", summary.bytes},
          {"seconds", seconds(summary.time)}};
}

std::string print_record(const Json& record) {
  return dump_json(record);
}

} // namespace regctl::ops::mirror
