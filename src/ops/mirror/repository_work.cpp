// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/repository_work.hpp"

#include "ops/mirror/planner.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <ctime>
#include <set>
#include <utility>

namespace regctl::ops::mirror {

namespace {

using Outcome = TagResult::Outcome;

/// The error for a tag that its side lists but cannot read.
std::exception_ptr broken_tag(const Side& source, const PlannedTag& tag) {
  return std::make_exception_ptr(Error(ErrorKind::integrity, "tag " + source.describe() + "/" +
                                                                 tag.source_name + ":" + tag.tag +
                                                                 " is listed, but cannot be read"));
}

std::vector<std::string> names_of(const std::vector<PlannedTag>& tags) {
  std::vector<std::string> names;
  names.reserve(tags.size());
  for (const auto& tag : tags) {
    names.push_back(tag.tag);
  }
  return names;
}

class MirroredRepository final : public RepositoryWork {
public:
  MirroredRepository(RunningJob& running, RepositoryTask task)
      : running_(running), task_(std::move(task)) {
    if (running_.options.dry_run) {
      turn_.emplace(running_.turns);
    }
  }

  std::vector<PlannedTag> plan() override {
    passage_ = running_.passages.open(task_.source_name, task_.destination_name);
    check_access();
    auto planned = task_.planned ? check_plan() : plan_anew();
    is_begun_ = true;
    std::vector<PlannedTag> transfers;
    if (running_.options.dry_run) {
      report_plan(planned);
      return {};
    }
    std::vector<PlannedTag> kept;
    for (auto& tag : planned) {
      if (is_transfer(tag)) {
        transfers.push_back(std::move(tag));
      } else if (tag.action == Action::remove) {
        removals_.push_back(std::move(tag));
      } else if (tag.action == Action::keep && running_.writes_map) {
        kept.push_back(std::move(tag));
      } else {
        report(tag, tag.is_broken ? Outcome::failed : Outcome::done);
      }
    }
    report_mapped(kept);
    return transfers;
  }

  std::unique_ptr<Transfer> open(const PlannedTag& tag) override {
    return passage_->open(tag.tag, *tag.identity);
  }

  void tag_over(const TagResult& result) override {
    if (result.outcome != Outcome::failed) {
      running_.report.add(result);
      return;
    }
    auto looked_at = result;
    // Without a map a fault is looked for only where the error does not tell that there is one, and
    // where that takes no requests.
    if (running_.writes_map || (!is_damaged(result) && !running_.source.is_remote())) {
      find_fault(looked_at);
    }
    // An error of a disk may be the destination's: then no layer is at fault.
    const auto& fault = looked_at.fault;
    if (running_.job.rules.rescue && (is_damaged(result) || (fault && fault->is_of_layer()))) {
      looked_at.rescued = rescue(result);
    }
    running_.report.add(looked_at);
  }

  void over(Ending ending, const std::exception_ptr& problem) override {
    if (ending == Ending::complete && !has_failure_) {
      remove();
    } else {
      leave_removals(ending);
    }
    const bool was_begun = ending != Ending::failed && is_begun_;
    if (!was_begun && task_.planned) {
      leave_plan(ending == Ending::failed ? problem : nullptr);
    } else if (!was_begun) {
      running_.report.add_repository(task_.source_name,
                                     ending == Ending::failed ? problem : nullptr);
    } else {
      running_.report.count_repository();
    }
  }

private:
  static bool is_damaged(const TagResult& failed) {
    const auto kind = explain(failed.problem).kind;
    return kind && is_damage(*kind);
  }

  /// Finds which image is at fault. Where that cannot be found out, the error tells enough.
  void find_fault(TagResult& failed) {
    // An upload that was never completed is told as one that is not available yet.
    const auto search = is_damaged(failed) ? FaultSearch::images_and_layers : FaultSearch::images;
    try {
      failed.fault = passage_->find_fault(*failed.tag.identity, search);
      failed.was_judged = search == FaultSearch::images_and_layers;
    } catch (const Error&) { // it stays unknown
    }
  }

  /// The tag of what is sound of a damaged image; empty if there is none.
  std::string rescue(const TagResult& failed) {
    try {
      return passage_->rescue(failed.tag.tag, *failed.tag.identity);
    } catch (const Error& error) {
      running_.session.progress().note("nothing is rescued of " + failed.tag.source_name + ":" +
                                       failed.tag.tag + ": " + error.message());
      return {};
    }
  }

  /// Refuses to show everybody what was private. Notes where a private repository goes.
  void check_access() {
    auto& source = running_.source;
    auto& destination = running_.destination;
    if (!passage_->drops_access()) {
      return;
    }
    const auto access = source.access(task_.source_name);
    if (access == RepositoryAccess::open) {
      return;
    }
    const auto what =
        access ? task_.source_name + " is private at " + source.describe()
               : source.describe() + " does not tell whether " + task_.source_name + " is private";
    const bool is_shown = destination.is_open_to_all();
    if (is_shown && !running_.job.rules.publish_private) {
      throw Error(ErrorKind::usage,
                  what + ", and everybody can read what is at " + destination.describe(),
                  "--yes publishes it; --exclude '" + task_.source_name + "' leaves it out");
    }
    running_.session.progress().note(
        what + (is_shown ? ", and everybody can read it at " + destination.describe()
                         : "; who can read it at " + destination.describe() +
                               " is up to the settings of its registry"));
  }

  void report(const PlannedTag& tag, Outcome outcome) {
    TagResult result;
    result.tag = tag;
    result.outcome = outcome;
    if (outcome == Outcome::failed) {
      fail(std::move(result), broken_tag(running_.source, tag));
      return;
    }
    running_.report.add(result);
  }

  /// Reports kept tags together with what they are at the destination. Some at a time, since
  /// images with many layers take memory.
  void report_mapped(const std::vector<PlannedTag>& kept) {
    constexpr std::size_t k_at_a_time = 64;
    for (std::size_t begin = 0; begin < kept.size(); begin += k_at_a_time) {
      std::vector<TagResult> results(std::min(k_at_a_time, kept.size() - begin));
      for (std::size_t i = 0; i < results.size(); ++i) {
        results[i].tag = kept[begin + i];
      }
      find_made(results);
      for (const auto& result : results) {
        running_.report.add(result);
      }
    }
  }

  /// An interruption only ends the looking, since an interrupted run writes no map.
  void find_made(std::vector<TagResult>& results) {
    try {
      run_parallel(running_.jobs, results.size(),
                   [&](std::size_t i) { results[i].made = find_made(results[i].tag); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) {
        throw;
      }
    }
  }

  /// Null where it cannot be read: the tag is kept all the same.
  std::shared_ptr<const MadeImage> find_made(const PlannedTag& tag) {
    try {
      return passage_->find_made(tag.tag, tag.identity);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) {
        running_.session.progress().note("the map cannot tell what " + tag.destination_name + ":" +
                                         tag.tag + " is made of: " + error.message());
      }
      return nullptr;
    }
  }

  /// Reports a tag that fails before the engine knows it.
  void fail(TagResult result, std::exception_ptr problem) {
    result.outcome = Outcome::failed;
    result.problem = std::move(problem);
    has_failure_ = true;
    running_.report.add(result);
  }

  void report_plan(const std::vector<PlannedTag>& planned) {
    const bool moves = std::any_of(planned.begin(), planned.end(), is_transfer);
    // The sizes of kept images matter only to tags that move. If none does, they are not read.
    const bool asks = moves && (running_.options.asks_sizes || !running_.source.is_remote());
    if (asks && running_.source.is_remote()) {
      study(planned); // in parallel with other repositories, before this one's turn
    }
    turn_->wait();
    const auto asking = asks ? Asking::source : Asking::nobody;
    for (const auto& identity : at_destination_) {
      passage_->foresee_held(identity, asking,
                             [&](const Prospect& item) { running_.forecast.hold(item); });
    }
    for (const auto& tag : planned) {
      check_interrupted();
      TagResult result;
      result.tag = tag;
      result.outcome = tag.is_broken ? Outcome::failed : Outcome::planned;
      if (tag.is_broken) {
        result.problem = broken_tag(running_.source, tag);
      } else if (is_transfer(tag)) {
        result.ahead.requests = passage_->requests_of_tag();
        passage_->foresee(*tag.identity, asking, [&](const Prospect& item) {
          running_.forecast.need(item, result.ahead);
        });
        note_unknown(tag, result.ahead);
      } else if (tag.action == Action::remove) {
        result.ahead.requests = passage_->requests_of_removal();
      }
      running_.report.add(result);
    }
    turn_->end();
  }

  /// A tag that is planned although its image is at the destination needs something else: parts of
  /// the image, of which nobody knows which are damaged, or what refers to it.
  static void note_unknown(const PlannedTag& tag, Ahead& ahead) {
    ahead.has_all_images = ahead.has_all_images && !tag.is_damaged;
    if (tag.is_damaged || tag.identity == tag.previous) {
      ahead.has_all_sizes = ahead.has_all_sizes && ahead.has_all_images;
    }
  }

  void study(const std::vector<PlannedTag>& planned) {
    for (const auto& identity : at_destination_) {
      passage_->study(identity, Portion::image);
    }
    for (const auto& tag : planned) {
      if (is_transfer(tag)) {
        passage_->study(*tag.identity, Portion::all);
      }
    }
  }

  std::vector<PlannedTag> plan_anew() {
    Listings listings{task_.source_name, task_.destination_name, {}, std::nullopt, false};
    auto tags = running_.source.tags(task_.source_name);
    if (!tags && running_.job.source.reference() != nullptr) {
      throw_no_repository(running_.source, task_.source_name);
    }
    if (!tags && task_.is_named) {
      throw Error(ErrorKind::not_found, "there is no repository " + task_.source_name + " at " +
                                            running_.source.describe());
    }
    if (!tags) { // a search index may name repositories deleted since
      running_.session.progress().note("there is no repository " + task_.source_name + " at " +
                                       running_.source.describe() + ", although it is listed");
      return expected({});
    }
    listings.source = std::move(*tags);
    listings.destination = running_.destination.tags(task_.destination_name);
    if (notes_held() && listings.destination) {
      for (const auto& tag : listings.destination->names()) {
        note_held(listings.destination->find(tag));
      }
    }
    passage_->attach(listings.source);
    if (listings.destination && !running_.options.dry_run) { // a plan counts the usual requests
      passage_->prepare(*listings.destination);
    }
    keep_one_tag(listings);
    Questions questions{
        [&](const std::string& identity) { return passage_->created_at(identity); },
        [&](const std::string& from, const std::string& there) {
          return passage_->is_same(from, there);
        },
        [&](const std::string& from, const std::string& there) {
          return passage_->keeps_referrers(from, there);
        },
        [&](const std::vector<std::string>& images) { return passage_->find_held(images); },
        [&](const std::vector<std::string>& images) {
          return passage_->find_new_referrers(images);
        }};
    questions.find_listed = [&](const std::vector<std::string>& lists) {
      return passage_->find_listed(lists);
    };
    if (running_.options.verify_destination) {
      questions.find_damaged = [&](const std::vector<std::string>& there) {
        return passage_->find_damaged(there);
      };
    }
    auto planned = mirror::plan(listings, running_.job.rules, questions, std::time(nullptr));
    if (notes_held()) { // tags that were not identified before
      for (const auto& tag : planned) {
        note_held(tag.previous);
      }
    }
    note_spared(planned);
    return expected(std::move(planned));
  }

  /// Notes which tags were not pruned although the user asked for pruning.
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
      running_.session.progress().note(one->destination_name + ": " + first_names(spared) +
                                       (spared.size() == 1 ? " is only at the destination, but "
                                                           : " are only at the destination, but ") +
                                       one->reason);
    }
  }

  /// Whether a plan wants to know what the destination's tags name. A local destination is asked
  /// for each image instead.
  [[nodiscard]] bool notes_held() const { return turn_ && running_.destination.is_remote(); }

  void note_held(const std::optional<std::string>& identity) {
    if (identity) {
      at_destination_.insert(*identity);
    }
  }

  std::vector<PlannedTag> expected(std::vector<PlannedTag> planned) const {
    running_.report.expect_tags(planned.size() - static_cast<std::size_t>(std::count_if(
                                                     planned.begin(), planned.end(), is_left_out)));
    return planned;
  }

  void keep_one_tag(Listings& listings) const {
    if (!task_.tag) {
      return;
    }
    listings.is_part = true;
    const auto is_it = [&](const std::string& tag) { return tag == *task_.tag; };
    listings.source.keep(is_it);
    if (listings.source.empty()) {
      throw Error(ErrorKind::not_found, "there is no tag " + running_.source.describe() + "/" +
                                            task_.source_name + ":" + *task_.tag);
    }
    if (listings.destination) {
      listings.destination->keep(is_it);
    }
  }

  /// Tags that were unreadable at the source when the plan was made may be readable now.
  void look_again(std::vector<PlannedTag>& planned) {
    if (std::none_of(planned.begin(), planned.end(),
                     [](const PlannedTag& tag) { return tag.is_broken; })) {
      return;
    }
    auto now = running_.source.tags(task_.source_name).value_or(ListedTags());
    now.identify(names_of(planned));
    for (auto& tag : planned) {
      const auto& found = now.find(tag.tag);
      const bool is_listed = now.contains(tag.tag);
      if (!tag.is_broken || (is_listed && !found)) {
        continue;
      }
      tag.is_broken = false;
      tag.reason = is_listed ? "mended at the source" : "gone from the source";
      if (found) {
        tag.identity = found;
        tag.action = tag.previous ? Action::update : Action::copy;
      }
    }
  }

  /// Checks that the destination has not changed since the plan was made.
  std::vector<PlannedTag> check_plan() {
    auto now = running_.destination.tags(task_.destination_name).value_or(ListedTags());
    now.identify(names_of(*task_.planned));
    look_again(*task_.planned);
    auto planned = expected(std::exchange(*task_.planned, {}));
    std::vector<PlannedTag> left;
    for (auto& tag : planned) {
      const auto& there = now.find(tag.tag);
      const bool has_moved = there != tag.previous;
      // Looked at in any case: what is found damaged is sent again.
      const bool is_sound = is_transfer(tag) && there && tag.identity &&
                            passage_->is_same(*tag.identity, *there) && !is_damaged(*there);
      // One that has not moved was planned for what its name does not tell, as new referrers.
      if (is_sound && has_moved) {
        tag.action = Action::keep;
        tag.reason = "same";
        tag.is_damaged = false;
      } else if (has_moved && (is_transfer(tag) || tag.action == Action::remove)) {
        TagResult result;
        const auto name =
            running_.destination.describe() + "/" + task_.destination_name + ":" + tag.tag;
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

  [[nodiscard]] bool is_damaged(const std::string& there) const {
    return running_.options.verify_destination && !passage_->find_damaged({there}).empty();
  }

  /// Reports the lines of a plan as not done or failed, tag by tag, so that their actions are kept:
  /// a repository as a whole would be planned from scratch. `problem` is null if the run was
  /// stopped before it.
  void leave_plan(const std::exception_ptr& problem) {
    auto left = std::exchange(*task_.planned, {});
    std::erase_if(left, [](const PlannedTag& tag) { return !is_work(tag); });
    for (auto& tag : expected(std::move(left))) {
      TagResult result;
      result.tag = std::move(tag);
      result.outcome = problem ? Outcome::failed : Outcome::not_done;
      result.problem = problem;
      running_.report.add(result);
    }
    running_.report.count_repository();
  }

  void remove() {
    for (const auto& tag : removals_) {
      TagResult result;
      result.tag = tag;
      try {
        passage_->remove_tag(tag.tag);
      } catch (const Error& error) {
        const bool is_stop = error.kind() == ErrorKind::interrupted;
        result.outcome = is_stop ? Outcome::not_done : Outcome::failed;
        result.problem = is_stop ? nullptr : std::current_exception();
      }
      running_.report.add(result);
    }
  }

  /// After a failed copy nothing is removed: the tag to remove may be the last remaining one of an
  /// image that was not replaced.
  void leave_removals(Ending ending) {
    if (ending != Ending::stopped) {
      running_.report.drop_tags(removals_.size());
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

  RunningJob& running_;
  RepositoryTask task_;
  std::optional<Turns::Turn> turn_; ///< for reporting a plan; nothing if a plan is carried out
  std::unique_ptr<Passage> passage_;
  bool is_begun_ = false;                ///< its tags are planned, so that each is reported
  std::set<std::string> at_destination_; ///< for a plan: identities of the tags there
  std::vector<PlannedTag> removals_;
  bool has_failure_ = false; ///< a tag failed before it began
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

std::unique_ptr<RepositoryWork> make_repository_work(RunningJob& running, RepositoryTask task) {
  return std::make_unique<MirroredRepository>(running, std::move(task));
}

} // namespace regctl::ops::mirror
