// SPDX-License-Identifier: Apache-2.0
#include <regctl/ops/mirror/plan.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace regctl::ops::mirror {

namespace {

class Planner {
public:
  Planner(const Listings& listings, const Rules& rules, const CreatedAt& created_at,
          std::int64_t now)
      : listings_(listings), rules_(rules), created_at_(created_at), now_(now) {}

  std::vector<PlannedTag> plan() {
    for (const auto& [tag, identity] : listings_.source) {
      auto& planned = add(tag);
      planned.identity = identity;
      if (const auto reason = filtered(tag, identity); !reason.empty()) {
        skip(planned, reason);
      } else {
        taken_.push_back(tag);
      }
    }
    keep_latest();
    for (const auto& tag : taken_) {
      decide(tags_.at(tag));
    }
    if (rules_.prune.enabled && listings_.destination) {
      prune();
    }
    std::vector<PlannedTag> result;
    for (auto& [tag, planned] : tags_) {
      result.push_back(std::move(planned));
    }
    return result;
  }

private:
  PlannedTag& add(const std::string& tag) {
    auto& planned = tags_[tag];
    planned.source_name = listings_.source_name;
    planned.destination_name = listings_.destination_name;
    planned.tag = tag;
    if (listings_.destination) {
      if (const auto found = listings_.destination->find(tag);
          found != listings_.destination->end()) {
        planned.previous = found->second;
      }
    }
    return planned;
  }

  static void skip(PlannedTag& planned, std::string reason) {
    planned.action = Action::skip;
    planned.reason = std::move(reason);
  }

  /// The rule by which a name is outside of what is mirrored; empty if it is inside.
  [[nodiscard]] std::string filtered_by_name(const std::string& tag) const {
    if (!rules_.tags.takes(listings_.source_name, tag)) {
      return "filtered by its name";
    }
    if (rules_.semver) {
      const auto version = parse_semver(tag);
      if (!version || !rules_.semver->contains(*version)) {
        return "filtered by --semver";
      }
    }
    return {};
  }

  std::string filtered(const std::string& tag, const std::optional<std::string>& identity) {
    if (auto reason = filtered_by_name(tag); !reason.empty()) {
      return reason;
    }
    if (rules_.newer_than && identity) {
      // An image of unknown age is taken: better one too many than one too few.
      const auto created = created_at(*identity);
      if (created && *created < now_ - rules_.newer_than->count()) {
        return "filtered by --newer-than";
      }
    }
    return {};
  }

  std::optional<std::int64_t> created_at(const std::string& identity) {
    const auto [found, is_new] = ages_.try_emplace(identity);
    if (is_new) {
      found->second = created_at_(identity);
    }
    return found->second;
  }

  /// Leaves the newest of taken_; broken tags take nobody's place.
  void keep_latest() {
    if (!rules_.latest || taken_.size() <= *rules_.latest) {
      return;
    }
    sort_newest_first();
    std::size_t good = 0;
    std::vector<std::string> kept;
    for (auto& tag : taken_) {
      auto& planned = tags_.at(tag);
      if (good >= *rules_.latest) {
        skip(planned, "filtered by --latest");
        continue;
      }
      good += planned.identity ? 1 : 0;
      kept.push_back(std::move(tag));
    }
    taken_ = std::move(kept);
  }

  /// How new a tag is, compared from the first member on.
  struct Age {
    std::int64_t created = 0; ///< nothing of it where all tags are versions
    std::optional<Semver> version;
    std::string tag;
  };

  static bool is_newer(const Age& a, const Age& b) {
    if (a.created != b.created) {
      return a.created > b.created;
    }
    if (a.version.has_value() != b.version.has_value()) {
      return a.version.has_value();
    }
    if (a.version && *a.version != *b.version) {
      return *a.version > *b.version;
    }
    return a.tag > b.tag;
  }

  /// By version if each has one, else by the image's age, and by version among equal ones.
  void sort_newest_first() {
    std::vector<Age> ages;
    for (const auto& tag : taken_) {
      ages.push_back({0, parse_semver(tag), tag});
    }
    const bool are_versions = std::all_of(ages.begin(), ages.end(),
                                          [](const Age& age) { return age.version.has_value(); });
    for (auto& age : ages) {
      const auto& identity = tags_.at(age.tag).identity;
      if (!are_versions) {
        const auto created = identity ? created_at(*identity) : std::nullopt;
        age.created = created.value_or(std::numeric_limits<std::int64_t>::min());
      }
    }
    std::sort(ages.begin(), ages.end(), is_newer);
    std::transform(ages.begin(), ages.end(), taken_.begin(), [](Age& age) { return age.tag; });
  }

  void decide(PlannedTag& planned) const {
    if (!planned.identity) {
      skip(planned, "broken at the source");
      planned.is_broken = true;
    } else if (!listings_.destination || !listings_.destination->contains(planned.tag)) {
      planned.action = Action::copy;
      planned.reason = "missing";
    } else if (planned.previous == planned.identity) {
      planned.action = Action::keep;
      planned.reason = "same";
    } else {
      planned.action = Action::update;
      planned.reason = planned.previous ? "differs" : "broken at the destination";
    }
  }

  void prune() {
    std::vector<std::string> candidates;
    for (const auto& [tag, identity] : *listings_.destination) {
      if (listings_.source.contains(tag)) {
        continue;
      }
      auto& planned = add(tag);
      // What the rules leave out is not this mirror's, and not for it to remove.
      if (const auto reason = filtered_by_name(tag); !reason.empty()) {
        skip(planned, reason);
      } else if (rules_.protects(tag)) {
        skip(planned, "protected");
      } else {
        candidates.push_back(tag);
      }
    }
    const auto obstacle = obstacle_to_pruning(candidates.size());
    for (const auto& tag : candidates) {
      auto& planned = tags_.at(tag);
      if (obstacle.empty()) {
        planned.action = Action::remove;
        planned.reason = "not at the source";
      } else {
        skip(planned, obstacle);
        planned.is_spared = true;
      }
    }
  }

  /// Why nothing is pruned; empty if nothing is in the way.
  [[nodiscard]] std::string obstacle_to_pruning(std::size_t count) const {
    if (listings_.source.empty()) {
      return "not pruned: the source lists no tags";
    }
    // A source that cannot read all it lists is no witness of what is gone.
    const auto broken = std::find_if(listings_.source.begin(), listings_.source.end(),
                                     [](const auto& entry) { return !entry.second; });
    if (broken != listings_.source.end()) {
      return "not pruned: the source cannot read its tag " + broken->first;
    }
    constexpr double k_rounding = 1e-9; // 10 % of 10 are 1
    const auto total = listings_.destination->size();
    const auto allowed = rules_.prune.limit * static_cast<double>(total) + k_rounding;
    if (!rules_.prune.beyond_limit && static_cast<double>(count) > allowed) {
      return "not pruned: " + std::to_string(count) + " of " + std::to_string(total) +
             " tags are more than --prune-limit allows without --yes";
    }
    return {};
  }

  const Listings& listings_;
  const Rules& rules_;
  const CreatedAt& created_at_;
  std::int64_t now_;
  std::map<std::string, PlannedTag> tags_;
  std::vector<std::string> taken_; ///< names of those that no rule leaves out
  std::map<std::string, std::optional<std::int64_t>> ages_;
};

} // namespace

std::vector<PlannedTag> plan(const Listings& listings, const Rules& rules,
                             const CreatedAt& created_at, std::int64_t now) {
  return Planner(listings, rules, created_at, now).plan();
}

} // namespace regctl::ops::mirror
