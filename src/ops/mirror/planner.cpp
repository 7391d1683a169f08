// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/planner.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

namespace regctl::ops::mirror {

namespace {

class Planner {
public:
  Planner(Listings& listings, const Rules& rules, const Questions& questions, std::int64_t now)
      : listings_(listings), rules_(rules), questions_(questions), now_(now) {}

  std::vector<PlannedTag> plan() {
    for (const auto& tag : listings_.source.names()) {
      auto& planned = add(tag);
      if (auto reason = filtered_by_name(rules_, listings_.source_name, tag); !reason.empty()) {
        skip(planned, std::move(reason));
      } else if (is_settled(tag)) {
        planned.action = Action::keep;
        planned.reason = "immutable";
      } else {
        taken_.push_back(tag);
      }
    }
    keep_young();
    keep_latest();
    identify(taken_);
    for (const auto& tag : taken_) {
      decide(tags_.at(tag));
    }
    if (questions_.find_damaged && listings_.destination) {
      mend();
    }
    if (rules_.referrers && listings_.destination) {
      follow_referrers();
      follow_images();
    }
    if (rules_.prune.enabled && listings_.destination) {
      prune();
      prune_attached();
    }
    std::vector<PlannedTag> result;
    for (auto& [tag, planned] : tags_) {
      planned.identity = listings_.source.find(tag);
      planned.previous = at_destination(tag);
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
    return planned;
  }

  [[nodiscard]] const std::optional<std::string>& at_destination(const std::string& tag) const {
    static const std::optional<std::string> unknown;
    return listings_.destination ? listings_.destination->find(tag) : unknown;
  }

  /// On both sides.
  void identify(const std::vector<std::string>& tags) {
    listings_.source.identify(tags);
    if (listings_.destination) {
      listings_.destination->identify(tags);
    }
  }

  static void skip(PlannedTag& planned, std::string reason) {
    planned.action = Action::skip;
    planned.reason = std::move(reason);
  }

  /// Whether a tag that never changes is there already. With --latest it counts by its age, so that
  /// it has to be asked for.
  [[nodiscard]] bool is_settled(const std::string& tag) const {
    return !rules_.needs_ages() && !questions_.find_damaged && rules_.is_immutable(tag) &&
           listings_.destination && listings_.destination->contains(tag);
  }

  /// Keeps the tags of taken_ whose images are young enough. An image of unknown age is kept: a
  /// superfluous copy is better than a missing one.
  void keep_young() {
    if (!rules_.newer_than) {
      return;
    }
    listings_.source.identify(taken_);
    std::erase_if(taken_, [&](const std::string& tag) {
      const auto created = created_at(tag);
      const bool is_old = created && *created < now_ - rules_.newer_than->count();
      if (is_old) {
        skip(tags_.at(tag), "filtered by --newer-than");
      }
      return is_old;
    });
  }

  /// Nothing for an unreadable tag too.
  std::optional<std::int64_t> created_at(const std::string& tag) {
    const auto& identity = listings_.source.find(tag);
    if (!identity) {
      return std::nullopt;
    }
    const auto [found, is_new] = ages_.try_emplace(*identity);
    if (is_new) {
      found->second = questions_.created_at(*identity);
    }
    return found->second;
  }

  /// Keeps the newest tags of taken_. Unreadable tags do not count.
  void keep_latest() {
    if (!rules_.latest || taken_.size() <= *rules_.latest) {
      return;
    }
    sort_newest_first();
    std::size_t good = 0;
    auto next = taken_.begin();
    while (good < *rules_.latest && next != taken_.end()) {
      const auto missing = static_cast<std::ptrdiff_t>(*rules_.latest - good);
      const auto end = next + std::min(missing, std::distance(next, taken_.end()));
      listings_.source.identify({next, end});
      for (; next != end; ++next) {
        good += listings_.source.find(*next) ? 1 : 0;
      }
    }
    std::for_each(next, taken_.end(),
                  [&](const std::string& tag) { skip(tags_.at(tag), "filtered by --latest"); });
    taken_.erase(next, taken_.end());
  }

  /// The age of a tag, compared member by member.
  struct Age {
    std::int64_t created = 0; ///< not used if all tags are versions
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

  /// Sorts by version if every tag is one, else by the image's age, and by version among equal
  /// ages.
  void sort_newest_first() {
    std::vector<Age> ages;
    for (const auto& tag : taken_) {
      ages.push_back({0, parse_semver(tag), tag});
    }
    const bool are_versions = std::all_of(ages.begin(), ages.end(),
                                          [](const Age& age) { return age.version.has_value(); });
    if (!are_versions) {
      listings_.source.identify(taken_);
      for (auto& age : ages) {
        age.created = created_at(age.tag).value_or(std::numeric_limits<std::int64_t>::min());
      }
    }
    std::sort(ages.begin(), ages.end(), is_newer);
    std::transform(ages.begin(), ages.end(), taken_.begin(), [](Age& age) { return age.tag; });
  }

  void decide(PlannedTag& planned) const {
    const auto& identity = listings_.source.find(planned.tag);
    const auto& there = at_destination(planned.tag);
    if (!identity) {
      skip(planned, "broken at the source");
      planned.is_broken = true;
    } else if (!listings_.destination || !listings_.destination->contains(planned.tag)) {
      planned.action = Action::copy;
      planned.reason = "missing";
    } else if (there && questions_.is_same(*identity, *there)) {
      planned.action = Action::keep;
      planned.reason = "same";
    } else {
      planned.action = Action::update;
      planned.reason = there ? "differs" : "broken at the destination";
    }
  }

  /// Plans the tags that would be kept again where their image is damaged.
  void mend() {
    std::vector<std::string> kept;
    for (const auto& tag : taken_) {
      if (tags_.at(tag).action == Action::keep) {
        kept.push_back(at_destination(tag).value_or(""));
      }
    }
    sort_and_unite(kept);
    const auto damaged = kept.empty() ? std::set<std::string>() : questions_.find_damaged(kept);
    for (const auto& tag : taken_) {
      auto& planned = tags_.at(tag);
      if (planned.action == Action::keep && damaged.contains(at_destination(tag).value_or(""))) {
        planned.action = Action::update;
        planned.reason = "damaged at the destination";
        planned.is_damaged = true;
      }
    }
  }

  /// Whether the tag names an image at the destination that keeps the referrers of the source's.
  [[nodiscard]] bool keeps_referrers(const std::string& identity, const std::string& tag) const {
    const auto& there = at_destination(tag);
    return there && questions_.keeps_referrers(identity, *there);
  }

  /// Plans the tags whose image is the same again where something new refers to it.
  void follow_referrers() {
    std::vector<std::string> images;
    const auto is_held = [&](const std::string& tag) {
      const auto& identity = listings_.source.find(tag);
      return identity && !is_transfer(tags_.at(tag)) && keeps_referrers(*identity, tag);
    };
    for (const auto& tag : taken_) {
      if (is_held(tag)) {
        images.push_back(*listings_.source.find(tag));
      }
    }
    sort_and_unite(images);
    const auto found =
        images.empty() ? std::set<std::string>() : questions_.find_new_referrers(images);
    for (const auto& tag : taken_) {
      if (is_held(tag) && found.contains(*listings_.source.find(tag))) {
        tags_.at(tag).action = Action::update;
        tags_.at(tag).reason = "new referrers";
      }
    }
  }

  /// Plans the attached tags whose images are at the destination already.
  void follow_images() {
    std::set<std::string> moving; // these images take theirs along
    std::set<std::string> held;
    for (const auto& tag : taken_) {
      const auto& identity = listings_.source.find(tag);
      if (identity && is_transfer(tags_.at(tag))) {
        moving.insert(*identity);
      } else if (identity && keeps_referrers(*identity, tag)) {
        held.insert(*identity);
      }
    }
    std::vector<std::string> followed;
    std::vector<std::string> doubtful; // of a child of an index, or of an image that is left out
    for (const auto& [tag, image] : listings_.source.attached()) {
      const bool is_followed =
          held.contains(image) || (!listings_.is_part && listings_.destination->contains(tag));
      if (is_settled(tag)) {
        auto& planned = add(tag);
        planned.action = Action::keep;
        planned.reason = "immutable";
      } else if (!moving.contains(image) && (is_followed || !listings_.is_part)) {
        (is_followed ? followed : doubtful).push_back(tag);
      }
    }
    std::vector<std::string> images;
    images.reserve(doubtful.size());
    for (const auto& tag : doubtful) {
      images.push_back(listings_.source.attached().at(tag));
    }
    sort_and_unite(images);
    const auto found = images.empty() ? std::set<std::string>() : questions_.find_held(images);
    std::copy_if(doubtful.begin(), doubtful.end(), std::back_inserter(followed),
                 [&](const std::string& tag) {
                   return found.contains(listings_.source.attached().at(tag));
                 });
    identify(followed);
    for (const auto& tag : followed) {
      decide(add(tag));
    }
  }

  void prune() {
    std::vector<std::string> candidates;
    for (const auto& tag : listings_.destination->names()) {
      if (listings_.source.contains(tag)) {
        continue;
      }
      auto& planned = add(tag);
      // Tags excluded by the rules do not belong to this mirror, which must not remove them.
      if (const auto reason = filtered_by_name(rules_, listings_.source_name, tag);
          !reason.empty()) {
        skip(planned, reason);
      } else if (rules_.protects(tag)) {
        skip(planned, "protected");
      } else {
        candidates.push_back(tag);
      }
    }
    listings_.destination->identify(candidates);
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

  /// Plans the removal of what is attached to images that lose their last tag, and of the lists of
  /// their referrers.
  void prune_attached() {
    std::set<std::string> removed;
    std::set<std::string> kept;
    for (const auto& tag : listings_.destination->names()) {
      const auto identity = at_destination(tag);
      const auto planned = tags_.find(tag);
      if (planned != tags_.end() && planned->second.action == Action::remove) {
        removed.insert(identity.value_or(""));
      } else if (identity) {
        kept.insert(*identity);
      } else {
        return; // a tag that nobody asked for may name any of the images
      }
    }
    std::set<std::string> gone; // each image once, though lists may lead in a circle
    while (!removed.empty()) {
      std::erase_if(removed, [&](const std::string& image) {
        return kept.contains(image) || !gone.insert(image).second;
      });
      removed = remove_attached(removed);
    }
  }

  /// Plans the removal of what is attached to these images. Returns what of it may have attached
  /// tags itself: a signature can be signed.
  std::set<std::string> remove_attached(const std::set<std::string>& images) {
    auto& destination = *listings_.destination;
    std::vector<std::string> left;
    for (const auto& [tag, image] : destination.attached()) {
      if (images.contains(image) && !rules_.protects(tag)) {
        left.push_back(tag);
      }
    }
    std::vector<std::string> lists;
    for (const auto& image : images) {
      const auto list = destination.subjects().find(image);
      if (list != destination.subjects().end() && !rules_.protects(list->second)) {
        lists.push_back(list->second);
      }
    }
    auto below = lists.empty() ? std::set<std::string>() : questions_.find_listed(lists);
    left.insert(left.end(), lists.begin(), lists.end());
    destination.identify(left);
    for (const auto& tag : left) {
      auto& planned = add(tag);
      planned.action = Action::remove;
      planned.reason = "its image is not at the source";
      below.insert(at_destination(tag).value_or(""));
    }
    return below;
  }

  /// Why nothing may be pruned; empty if pruning is allowed.
  [[nodiscard]] std::string obstacle_to_pruning(std::size_t count) const {
    if (listings_.source.empty()) {
      return "not pruned: the source lists no tags";
    }
    // A source that cannot read all its tags is no proof that others are gone.
    if (const auto broken = listings_.source.first_broken()) {
      return "not pruned: the source cannot read its tag " + *broken;
    }
    constexpr double k_rounding = 1e-9; // 10 % of 10 tags must be 1
    const auto total = listings_.destination->size();
    const auto allowed = rules_.prune.limit * static_cast<double>(total) + k_rounding;
    if (!rules_.prune.beyond_limit && static_cast<double>(count) > allowed) {
      return "not pruned: " + std::to_string(count) + " of " + std::to_string(total) +
             " tags are more than --prune-limit allows without --yes";
    }
    return {};
  }

  Listings& listings_;
  const Rules& rules_;
  const Questions& questions_;
  std::int64_t now_;
  std::map<std::string, PlannedTag> tags_;
  std::vector<std::string> taken_; ///< names of tags that no rule excludes
  std::map<std::string, std::optional<std::int64_t>> ages_;
};

} // namespace

std::string filtered_by_name(const Rules& rules, const std::string& repository,
                             const std::string& tag) {
  if (!rules.tags.takes(repository, tag)) {
    return "filtered by its name";
  }
  if (rules.semver) {
    const auto version = parse_semver(tag);
    if (!version || !rules.semver->contains(*version)) {
      return "filtered by --semver";
    }
  }
  return {};
}

std::vector<PlannedTag> plan(Listings& listings, const Rules& rules, const Questions& questions,
                             std::int64_t now) {
  return Planner(listings, rules, questions, now).plan();
}

} // namespace regctl::ops::mirror
