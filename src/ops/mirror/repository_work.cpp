// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/repository_work.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/time.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace regctl::ops::mirror {

namespace {

using Outcome = TagResult::Outcome;

/// A tag that its side lists but cannot read.
std::exception_ptr broken_tag(const Side& source, const PlannedTag& tag) {
  return std::make_exception_ptr(Error(ErrorKind::integrity, "tag " + source.describe() + "/" +
                                                                 tag.source_name + ":" + tag.tag +
                                                                 " is listed, but cannot be read"));
}

bool is_transfer(const PlannedTag& tag) {
  return tag.action == Action::copy || tag.action == Action::update;
}

class V1RepositoryWork final : public RepositoryWork {
public:
  V1RepositoryWork(JobState& state, RepositoryTask task) : state_(state), task_(std::move(task)) {}

  std::vector<PlannedTag> plan() override {
    source_ = state_.source->open(task_.source_name);
    destination_ = state_.destination->open(task_.destination_name);
    route_.emplace(
        V1Route{state_.session, *source_, *destination_, state_.images, state_.learnt, state_.how});
    auto planned = task_.planned ? check_plan(std::move(*task_.planned)) : plan_anew();
    std::vector<PlannedTag> transfers;
    if (state_.options.dry_run) {
      report_plan(planned);
      return {};
    }
    for (auto& tag : planned) {
      if (is_transfer(tag)) {
        transfers.push_back(std::move(tag));
      } else if (tag.action == Action::remove) {
        removals_.push_back(std::move(tag));
      } else {
        report(tag, tag.is_broken ? Outcome::failed : Outcome::done);
      }
    }
    return transfers;
  }

  std::unique_ptr<Transfer> open(const PlannedTag& tag) override {
    return make_v1_transfer(*route_, tag.tag, *tag.identity);
  }

  void tag_over(const TagResult& result) override { state_.report.add(result); }

  void over(Ending ending, const std::exception_ptr& problem) override {
    if (ending == Ending::complete) {
      remove();
    } else {
      leave_removals(ending);
    }
    if (ending == Ending::failed || (ending == Ending::stopped && !route_)) {
      state_.report.add_repository(task_.source_name, ending == Ending::failed ? problem : nullptr);
    } else {
      state_.report.count_repository();
    }
  }

private:
  void report(const PlannedTag& tag, Outcome outcome, std::string reason = {}) {
    TagResult result;
    result.tag = tag;
    result.outcome = outcome;
    if (!reason.empty()) {
      result.tag.reason = std::move(reason);
    }
    if (outcome == Outcome::failed) {
      result.problem = broken_tag(*state_.source, tag);
    }
    state_.report.add(result);
  }

  /// Sizes are told as far as earlier runs have learnt them: a plan costs no request for an image.
  void report_plan(const std::vector<PlannedTag>& planned) {
    for (const auto& tag : planned) {
      if (tag.action == Action::keep && tag.identity) {
        foresee(*tag.identity);
      }
    }
    for (const auto& tag : planned) {
      TagResult result;
      result.tag = tag;
      result.outcome = tag.is_broken ? Outcome::failed : Outcome::planned;
      if (tag.is_broken) {
        result.problem = broken_tag(*state_.source, tag);
      }
      if (is_transfer(tag)) {
        result.bytes_ahead = foresee(*tag.identity);
      }
      state_.report.add(result);
    }
  }

  /// Bytes of the images from `id` down that are not foreseen yet; from now on they are. Nothing
  /// where the size or the parent of one is not known.
  std::optional<std::uint64_t> foresee(const std::string& id) {
    const std::lock_guard lock(state_.foreseeing);
    std::uint64_t bytes = 0;
    auto next = id;
    for (std::size_t depth = 0; !next.empty() && depth < k_max_chain; ++depth) {
      if (state_.foreseen.state(next) == SettledKeys::State::there) {
        return bytes; // and with it what is below
      }
      const auto fact = state_.learnt.find(next);
      if (!fact || !fact->size_bytes) {
        return std::nullopt;
      }
      bytes += *fact->size_bytes;
      state_.foreseen.put(next);
      next = fact->parent;
    }
    return bytes;
  }

  std::vector<PlannedTag> plan_anew() {
    Listings listings{task_.source_name, task_.destination_name, {}, std::nullopt};
    auto tags = state_.source->tags(task_.source_name);
    if (!tags && task_.is_named) {
      throw Error(ErrorKind::not_found, "there is no repository " + task_.source_name + " at " +
                                            state_.source->describe());
    }
    if (!tags) { // a search index may name what was deleted since
      state_.session.progress().note("there is no repository " + task_.source_name + " at " +
                                     state_.source->describe() + ", although it is listed");
      return {};
    }
    listings.source = std::move(*tags);
    listings.destination = state_.destination->tags(task_.destination_name);
    keep_one_tag(listings);
    const auto cached = make_cached_repository(*source_, state_.images);
    return mirror::plan(
        listings, state_.job.rules, [&](const std::string& id) { return created_at(*cached, id); },
        std::time(nullptr));
  }

  void keep_one_tag(Listings& listings) const {
    if (!task_.tag) {
      return;
    }
    const auto is_another = [&](const auto& entry) { return entry.first != *task_.tag; };
    std::erase_if(listings.source, is_another);
    if (listings.source.empty()) {
      throw Error(ErrorKind::not_found, "there is no tag " + state_.source->describe() + "/" +
                                            task_.source_name + ":" + *task_.tag);
    }
    if (listings.destination) {
      std::erase_if(*listings.destination, is_another);
    }
  }

  /// What cannot be read has no age; whether that matters shows when it is moved.
  std::optional<std::int64_t> created_at(V1Repository& source, const std::string& id) {
    if (const auto known = state_.learnt.find(id)) {
      return known->created;
    }
    try {
      const auto image = source.find_image(id);
      if (!image) {
        return std::nullopt;
      }
      const auto fact = fact_of(*image, parse_v1_image(image->json));
      state_.learnt.put(id, fact);
      return fact.created;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::denied) {
        throw;
      }
      return std::nullopt;
    }
  }

  /// A plan is of the past: what it wanted to change must still be what it saw.
  std::vector<PlannedTag> check_plan(std::vector<PlannedTag> planned) {
    const auto now = state_.destination->tags(task_.destination_name).value_or(TagListing());
    std::vector<PlannedTag> left;
    for (auto& tag : planned) {
      const auto found = now.find(tag.tag);
      const auto there = found == now.end() ? std::nullopt : found->second;
      if (is_transfer(tag) && there && there == tag.identity) {
        tag.action = Action::keep;
        tag.reason = "same";
      } else if (there != tag.previous && (is_transfer(tag) || tag.action == Action::remove)) {
        TagResult result;
        result.tag = std::move(tag);
        result.outcome = Outcome::failed;
        result.problem = std::make_exception_ptr(
            Error(ErrorKind::usage,
                  "tag " + state_.destination->describe() + "/" + task_.destination_name + ":" +
                      result.tag.tag + " is not what it was when the plan was made",
                  "make the plan anew"));
        state_.report.add(result);
        continue;
      }
      left.push_back(std::move(tag));
    }
    return left;
  }

  void remove() {
    for (const auto& tag : removals_) {
      TagResult result;
      result.tag = tag;
      try {
        destination_->remove_tag(tag.tag);
      } catch (const Error& error) {
        const bool is_stop = error.kind() == ErrorKind::interrupted;
        result.outcome = is_stop ? Outcome::not_done : Outcome::failed;
        result.problem = is_stop ? nullptr : std::current_exception();
      }
      state_.report.add(result);
    }
  }

  /// Where a copy failed nothing is removed: the tag that goes may be the only one that is left of
  /// what should have come.
  void leave_removals(Ending ending) {
    for (auto& tag : removals_) {
      if (ending == Ending::stopped) {
        report(tag, Outcome::not_done);
      } else {
        tag.action = Action::skip;
        report(tag, Outcome::done, "not pruned: another tag of the repository failed");
      }
    }
  }

  JobState& state_;
  RepositoryTask task_;
  std::unique_ptr<V1Repository> source_;
  std::unique_ptr<V1Repository> destination_;
  std::optional<V1Route> route_;
  std::vector<PlannedTag> removals_;
};

} // namespace

std::unique_ptr<RepositoryWork> make_repository_work(JobState& state, RepositoryTask task) {
  return std::make_unique<V1RepositoryWork>(state, std::move(task));
}

} // namespace regctl::ops::mirror
