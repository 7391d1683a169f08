// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/repository_work.hpp"

#include "ops/v1/backed_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/time.hpp>

#include <algorithm>
#include <ctime>
#include <set>
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

class V1RepositoryWork final : public RepositoryWork {
public:
  V1RepositoryWork(JobState& state, RepositoryTask task) : state_(state), task_(std::move(task)) {
    if (state_.options.dry_run) {
      turn_.emplace(state_.turns);
    }
  }

  std::vector<PlannedTag> plan() override {
    source_ = state_.source->open(task_.source_name);
    destination_ = state_.destination->open(task_.destination_name);
    auto planned = task_.planned ? check_plan() : plan_anew();
    if (!state_.source->holds_pushed_layers()) { // an archive may leave out what is there
      backed_ = make_backed_repository(*source_, *destination_);
    }
    route_.emplace(V1Route{state_.session, backed_ ? *backed_ : *source_, *destination_,
                           state_.images, state_.learnt, state_.how});
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
    if (ending == Ending::complete && !has_failure_) {
      remove();
    } else {
      leave_removals(ending);
    }
    const bool was_begun = ending != Ending::failed && route_;
    if (!was_begun && task_.planned) {
      leave_plan(ending == Ending::failed ? problem : nullptr);
    } else if (!was_begun) {
      state_.report.add_repository(task_.source_name, ending == Ending::failed ? problem : nullptr);
    } else {
      state_.report.count_repository();
    }
  }

private:
  void report(const PlannedTag& tag, Outcome outcome) {
    TagResult result;
    result.tag = tag;
    result.outcome = outcome;
    if (outcome == Outcome::failed) {
      fail(std::move(result), broken_tag(*state_.source, tag));
      return;
    }
    state_.report.add(result);
  }

  /// A tag that fails before the engine has heard of it.
  void fail(TagResult result, std::exception_ptr problem) {
    result.outcome = Outcome::failed;
    result.problem = std::move(problem);
    has_failure_ = true;
    state_.report.add(result);
  }

  void report_plan(const std::vector<PlannedTag>& planned) {
    const bool moves = std::any_of(planned.begin(), planned.end(), is_transfer);
    // What is kept matters to what moves; where nothing does, it is not worth reading.
    const bool asks = moves && (state_.options.asks_sizes || !state_.source->is_remote());
    if (asks && state_.source->is_remote()) {
      learn_chains(planned); // beside other repositories, not one after the other
    }
    turn_->wait();
    const auto look_up = [&](const std::string& id) { return know(id, asks); };
    for (const auto& id : at_destination_) {
      state_.forecast.add_there(id, look_up);
    }
    for (const auto& tag : planned) {
      check_interrupted();
      TagResult result;
      result.tag = tag;
      result.outcome = tag.is_broken ? Outcome::failed : Outcome::planned;
      if (tag.is_broken) {
        result.problem = broken_tag(*state_.source, tag);
      } else if (is_transfer(tag)) {
        result.ahead = state_.forecast.add_transfer(*tag.identity, look_up);
      } else if (tag.action == Action::remove) {
        result.ahead = state_.forecast.add_removal();
      }
      state_.report.add(result);
    }
    turn_->end();
  }

  void learn_chains(const std::vector<PlannedTag>& planned) {
    auto ids = at_destination_;
    for (const auto& tag : planned) {
      if (is_transfer(tag)) {
        ids.insert(*tag.identity);
      }
    }
    for (const auto& id : ids) {
      auto next = id;
      for (std::size_t depth = 0; !next.empty() && depth < k_max_chain; ++depth) {
        const auto fact = learn(next);
        next = fact ? fact->parent : std::string();
      }
    }
  }

  /// What is known of an image without a request, or with `asks` what the source tells.
  std::optional<Forecast::Known> know(const std::string& id, bool asks) {
    if (!state_.destination->is_remote()) {
      if (const auto fact = read_fact(*destination_, id)) {
        return Forecast::Known{fact->size_bytes, fact->parent, /*is_there=*/true};
      }
    }
    const auto fact = asks ? learn(id) : state_.learnt.find(id);
    return fact ? std::optional(Forecast::Known{fact->size_bytes, fact->parent}) : std::nullopt;
  }

  std::vector<PlannedTag> plan_anew() {
    Listings listings{task_.source_name, task_.destination_name, {}, std::nullopt};
    auto tags = state_.source->tags(task_.source_name);
    if (!tags && state_.job.source.reference() != nullptr) {
      throw_no_repository(*state_.source, task_.source_name);
    }
    if (!tags && task_.is_named) {
      throw Error(ErrorKind::not_found, "there is no repository " + task_.source_name + " at " +
                                            state_.source->describe());
    }
    if (!tags) { // a search index may name what was deleted since
      state_.session.progress().note("there is no repository " + task_.source_name + " at " +
                                     state_.source->describe() + ", although it is listed");
      return expected({});
    }
    listings.source = std::move(*tags);
    listings.destination = state_.destination->tags(task_.destination_name);
    if (turn_) {
      note_destination(listings.destination.value_or(TagListing()));
    }
    keep_one_tag(listings);
    const auto created_at = [&](const std::string& id) {
      const auto fact = learn(id);
      return fact ? fact->created : std::nullopt; // an age that is not known
    };
    auto planned = mirror::plan(listings, state_.job.rules, created_at, std::time(nullptr));
    note_spared(planned);
    return expected(std::move(planned));
  }

  /// Who asked for pruning is to hear that it did not come about.
  void note_spared(const std::vector<PlannedTag>& tags) const {
    std::vector<std::string> spared;
    const PlannedTag* one = nullptr; // the reason is the same for all
    for (const auto& tag : tags) {
      if (tag.is_spared) {
        spared.push_back(tag.tag);
        one = &tag;
      }
    }
    if (one != nullptr) {
      state_.session.progress().note(one->destination_name + ": " + first_names(spared) +
                                     (spared.size() == 1 ? " is only at the destination, but "
                                                         : " are only at the destination, but ") +
                                     one->reason);
    }
  }

  void note_destination(const TagListing& tags) {
    for (const auto& [tag, id] : tags) {
      if (id && state_.destination->is_remote()) { // else each image is looked for
        at_destination_.insert(*id);
      }
    }
  }

  std::vector<PlannedTag> expected(std::vector<PlannedTag> planned) const {
    state_.report.expect_tags(planned.size() - static_cast<std::size_t>(std::count_if(
                                                   planned.begin(), planned.end(), is_left_out)));
    return planned;
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

  /// What is known of an image of the source, or what the source tells.
  std::optional<State::Fact> learn(const std::string& id) {
    if (auto known = state_.learnt.find(id)) {
      return known;
    }
    const auto cached = make_cached_repository(*source_, state_.images);
    const auto fact = read_fact(*cached, id);
    if (fact) {
      state_.learnt.put(id, *fact);
    }
    return fact;
  }

  /// Nothing for what cannot be read; whether that matters shows when it is moved.
  static std::optional<State::Fact> read_fact(V1Repository& repository, const std::string& id) {
    try {
      const auto image = repository.find_image(id);
      return image ? std::optional(fact_of(*image, parse_v1_image(image->json))) : std::nullopt;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::denied) {
        throw;
      }
      return std::nullopt;
    }
  }

  /// What the source could not read when the plan was made may have been mended since.
  void look_again(std::vector<PlannedTag>& planned) {
    if (std::none_of(planned.begin(), planned.end(),
                     [](const PlannedTag& tag) { return tag.is_broken; })) {
      return;
    }
    const auto now = state_.source->tags(task_.source_name).value_or(TagListing());
    for (auto& tag : planned) {
      const auto found = now.find(tag.tag);
      if (!tag.is_broken || (found != now.end() && !found->second)) {
        continue;
      }
      tag.is_broken = false;
      tag.reason = found == now.end() ? "gone from the source" : "mended at the source";
      if (found != now.end()) {
        tag.identity = found->second;
        tag.action = tag.previous ? Action::update : Action::copy;
      }
    }
  }

  /// A plan is of the past: what it wanted to change must still be what it saw.
  std::vector<PlannedTag> check_plan() {
    const auto now = state_.destination->tags(task_.destination_name).value_or(TagListing());
    look_again(*task_.planned);
    auto planned = expected(std::exchange(*task_.planned, {}));
    std::vector<PlannedTag> left;
    for (auto& tag : planned) {
      const auto found = now.find(tag.tag);
      const auto there = found == now.end() ? std::nullopt : found->second;
      if (is_transfer(tag) && there && there == tag.identity) {
        tag.action = Action::keep;
        tag.reason = "same";
      } else if (there != tag.previous && (is_transfer(tag) || tag.action == Action::remove)) {
        TagResult result;
        const auto name =
            state_.destination->describe() + "/" + task_.destination_name + ":" + tag.tag;
        result.tag = std::move(tag);
        fail(std::move(result),
             std::make_exception_ptr(Error(
                 ErrorKind::usage, "tag " + name + " is not what it was when the plan was made",
                 "make the plan anew")));
        continue;
      }
      left.push_back(std::move(tag));
    }
    return left;
  }

  /// What was decided is left as it was decided, tag by tag: the repository as a whole would be
  /// planned anew. `problem` is null for what was not its turn any more.
  void leave_plan(const std::exception_ptr& problem) {
    auto left = std::exchange(*task_.planned, {});
    std::erase_if(left, [](const PlannedTag& tag) { return !is_work(tag); });
    for (auto& tag : expected(std::move(left))) {
      TagResult result;
      result.tag = std::move(tag);
      result.outcome = problem ? Outcome::failed : Outcome::not_done;
      result.problem = problem;
      state_.report.add(result);
    }
    state_.report.count_repository();
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
    if (ending != Ending::stopped) {
      state_.report.drop_tags(removals_.size());
    }
    for (auto& tag : removals_) {
      if (ending == Ending::stopped) {
        report(tag, Outcome::not_done);
      } else {
        tag.action = Action::skip;
        tag.is_spared = true;
        tag.reason = "not pruned: another tag of the repository failed";
        report(tag, Outcome::done);
      }
    }
    note_spared(removals_);
  }

  JobState& state_;
  RepositoryTask task_;
  std::optional<Turns::Turn> turn_; ///< to tell the plan; nothing if it is carried out
  std::unique_ptr<V1Repository> source_;
  std::unique_ptr<V1Repository> destination_;
  std::unique_ptr<V1Repository> backed_; // of source_, where that is an archive
  std::optional<V1Route> route_;
  std::set<std::string> at_destination_; ///< of a plan: the images of the tags there
  std::vector<PlannedTag> removals_;
  bool has_failure_ = false; ///< of a tag that was not even begun
};

} // namespace

void Owners::take(const std::string& destination, const std::string& source) {
  const auto [owner, is_new] = sources_.emplace(destination, source);
  if (!is_new && owner->second != source) {
    throw Error(ErrorKind::usage,
                destination + " is mirrored from " + owner->second + ", not from " + source +
                    " as well: each would undo what the other one does",
                "give one of them another name: prefix and rename in the mirror file");
  }
}

std::unique_ptr<RepositoryWork> make_repository_work(JobState& state, RepositoryTask task) {
  return std::make_unique<V1RepositoryWork>(state, std::move(task));
}

} // namespace regctl::ops::mirror
