// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/verify_images.hpp"
#include "ops/places/pairing.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"
#include "ops/v1/verified_images.hpp"
#include "ops/verify_across.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/audit.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

namespace regctl::ops {

namespace {

using Images = std::unique_ptr<V1Repository>;
using Image = VerifiedImages::Image;
using Chain = VerifiedImages::Chain;
using Where = Finding::Where;

constexpr std::size_t k_tags_at_once = 256; // their recorded ancestries are held in memory

/// One repository, opened to look up images.
struct OpenRepository {
  Images a;
  Images b; // null without a B
};

struct TagTask {
  const PairedRepository& paired;
  const std::string& tag;
  const PairedTag& sides;
  const OpenRepository& repository;
};

/// The repository through which to look up an image.
struct Want {
  const OpenRepository* repository;
  bool at_b; // at B as well
};
using Wants = std::unordered_map<Image*, Want>;

/// Adds an image to examine. An image wanted several times is examined once, on both sides if any
/// of the tags needs that.
void add(Wants& wants, Image& image, const Want& want) {
  const auto [entry, is_new] = wants.emplace(&image, want);
  if (!is_new && want.at_b) {
    entry->second = want;
  }
}

/// An image's ancestry as recorded by one side.
struct Ancestry {
  Image* top = nullptr;
  Want want{};
  Where where = Where::a;
  std::optional<std::vector<std::string>> ids;
  std::exception_ptr problem; // why it could not be read
};

class Verification {
public:
  Verification(Session& session, Pairing& pairing, const VerifyOptions& options,
               const VerifyListener& listener)
      : session_(session), options_(options), listener_(listener), pairing_(pairing) {}

  VerifySummary run() {
    for (auto few = pairing_.next(); !few.empty(); few = pairing_.next()) {
      verify(few);
    }
    return std::move(summary_);
  }

private:
  void verify(const std::vector<PairedRepository>& repositories) {
    std::vector<TagTask> tasks;
    std::vector<std::unique_ptr<OpenRepository>> open; // the tasks refer to these
    for (const auto& paired : repositories) {
      if (paired.problem) {
        verify(tasks); // reports earlier repositories first
        tasks.clear();
        summary_.problems.add(paired.problem);
        listener_.on_problem(paired.name, paired.problem);
        continue;
      }
      ++summary_.repositories;
      open.push_back(std::make_unique<OpenRepository>());
      open.back()->a = std::get<Images>(pairing_.a().open(paired.name));
      if (pairing_.b() != nullptr) {
        open.back()->b = std::get<Images>(pairing_.b()->open(paired.name_at_b));
      }
      for (const auto& [tag, sides] : paired.tags) {
        tasks.push_back({paired, tag, sides, *open.back()});
        if (tasks.size() == k_tags_at_once) {
          verify(tasks);
          tasks.clear();
        }
      }
    }
    verify(tasks);
  }

  void verify(const std::vector<TagTask>& tasks) {
    Wants tops;
    for (const auto& task : tasks) {
      if (task.sides.a) {
        add(tops, images_.get(*task.sides.a), {&task.repository, is_on_both_sides(task.sides)});
      }
    }
    auto ancestries = read_ancestries(tops);
    look_at_all(tops, ancestries);
    for (const auto& ancestry : ancestries) {
      check(ancestry);
    }
    for (const auto& task : tasks) {
      tell(task);
    }
  }

  [[nodiscard]] bool is_on_both_sides(const PairedTag& sides) {
    return pairing_.b() != nullptr && !find_difference(sides);
  }

  /// Reads the recorded ancestries that were not read before.
  std::vector<Ancestry> read_ancestries(const Wants& tops) {
    std::vector<Ancestry> ancestries;
    for (const auto& [top, want] : tops) {
      auto& state = top->second;
      if (!std::exchange(state.has_ancestry, true)) {
        ancestries.push_back({top, want, Where::a, std::nullopt, nullptr});
      }
      if (want.at_b && !std::exchange(state.has_ancestry_at_b, true)) {
        ancestries.push_back({top, want, Where::b, std::nullopt, nullptr});
      }
    }
    run_parallel(session_.jobs(), ancestries.size(), [&](std::size_t i) {
      auto& ancestry = ancestries[i];
      const auto& repository = *ancestry.want.repository;
      try {
        ancestry.ids = (ancestry.where == Where::a ? repository.a : repository.b)
                           ->ancestry(ancestry.top->first.text());
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) {
          throw;
        }
        ancestry.problem = std::current_exception();
      }
    });
    return ancestries;
  }

  /// Examines every image in the chains of `tops`: first all images that the ancestries name, at
  /// once, then parent by parent those that the ancestries lack.
  void look_at_all(const Wants& tops, const std::vector<Ancestry>& ancestries) {
    auto wants = tops;
    for (const auto& ancestry : ancestries) {
      for (const auto& id : ancestry.ids.value_or(std::vector<std::string>())) {
        add(wants, images_.get(id), ancestry.want);
      }
    }
    for (std::size_t round = 0; round < k_max_chain && !wants.empty(); ++round) {
      look_at(wants);
      Wants next;
      for (const auto& [image, want] : wants) {
        if (auto* parent = image->second.parent; parent != nullptr && !is_known(*parent, want)) {
          add(next, *parent, want);
        }
      }
      wants = std::move(next);
    }
  }

  static bool is_known(const Image& image, const Want& want) {
    return image.second.is_known && (!want.at_b || image.second.is_known_at_b);
  }

  void look_at(const Wants& wants) {
    std::vector<Wants::value_type> unknown;
    std::copy_if(wants.begin(), wants.end(), std::back_inserter(unknown),
                 [](const auto& entry) { return !is_known(*entry.first, entry.second); });
    std::vector<ImageReport> reports(unknown.size());
    run_parallel(session_.jobs(), unknown.size(), [&](std::size_t i) {
      const auto& [image, want] = unknown[i];
      const CheckedSide a{*want.repository->a, Where::a, pairing_.a().holds_pushed_layers()};
      std::optional<CheckedSide> b;
      if (want.at_b) {
        b.emplace(CheckedSide{*want.repository->b, Where::b, pairing_.b()->holds_pushed_layers()});
      }
      reports[i] = check_image(session_, a, b ? &*b : nullptr, image->first.text(), options_);
    });
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      take(*unknown[i].first, unknown[i].second, std::move(reports[i]));
    }
  }

  void take(Image& image, const Want& want, ImageReport report) {
    auto& state = image.second;
    summary_.images += state.is_known ? 0 : 1;
    summary_.layers_read += report.layers_read;
    summary_.bytes_read += report.bytes_read;
    summary_.sizes_unknown += report.sizes_unknown;
    summary_.sums_unknown += report.sums_unknown;
    for (const auto& problem : report.problems) {
      summary_.problems.add(problem);
    }
    state.is_known = true;
    state.is_known_at_b = want.at_b;
    state.is_readable = report.is_readable;
    state.parent = report.parent ? &images_.get(*report.parent) : nullptr;
    images_.set_findings(image, std::move(report.findings));
  }

  void check(const Ancestry& ancestry) {
    const auto id = ancestry.top->first.text();
    if (ancestry.problem) {
      summary_.problems.add(ancestry.problem);
      images_.add_ancestry_finding(*ancestry.top,
                                   {fault_of(ancestry.problem, Fault::ancestry_missing),
                                    ancestry.where, id, explain(ancestry.problem).message});
      return;
    }
    const auto chain = images_.chain(*ancestry.top);
    if (chain.end != Chain::End::base) {
      return; // nothing to compare with; the chain's fault is reported on its own
    }
    if (!ancestry.ids) {
      images_.add_ancestry_finding(*ancestry.top,
                                   {Fault::ancestry_missing, ancestry.where, id, ""});
    } else if (!std::equal(ancestry.ids->begin(), ancestry.ids->end(), chain.members.begin(),
                           chain.members.end(), [](const std::string& one, const Image* other) {
                             return PackedId(one) == other->first;
                           })) {
      images_.add_ancestry_finding(
          *ancestry.top, {Fault::ancestry_wrong, ancestry.where, id,
                          words_for_ancestry(ancestry.ids->size(), chain.members.size())});
    }
  }

  void tell(const TagTask& task) {
    const auto& sides = task.sides;
    VerifiedTag result{task.paired.name, task.tag, sides.a ? sides.a : sides.b, {}};
    find_on_tag(sides, result.findings);
    if (sides.a) {
      find_in_chain(images_.get(*sides.a), is_on_both_sides(sides), result.findings);
    }
    count(result);
    listener_.on_tag(result);
  }

  void find_on_tag(const PairedTag& sides, std::vector<Finding>& findings) {
    if (sides.is_at_a && !sides.a) {
      findings.push_back({Fault::nowhere, Where::a, "", k_no_image_id});
    }
    if (sides.is_at_b && !sides.b) {
      findings.push_back({Fault::nowhere, Where::b, "", k_no_image_id});
    }
    const auto difference = pairing_.b() == nullptr ? std::nullopt : find_difference(sides);
    if (difference == Difference::missing) {
      findings.push_back({Fault::tag_missing, Where::b, "", ""});
    } else if (difference == Difference::extra) {
      findings.push_back({Fault::tag_extra, Where::b, "", ""});
    } else if (difference == Difference::different) {
      findings.push_back(
          {Fault::tag_differs, Where::between, "", "it names image " + short_id(*sides.b)});
    }
  }

  void find_in_chain(Image& top, bool at_b, std::vector<Finding>& findings) {
    const auto add = [&](const Finding& finding) {
      if ((at_b || finding.where == Where::a) && !is_told(finding, findings)) {
        findings.push_back(finding);
      }
    };
    const auto chain = images_.chain(top);
    for (const auto& finding : images_.ancestry_findings(top)) {
      add(finding);
    }
    const Image* child = nullptr;
    for (const auto* member : chain.members) {
      for (auto finding : images_.findings(*member)) {
        if (finding.fault == Fault::parent_missing) {
          finding.fault = child == nullptr ? Fault::nowhere : Fault::parent_missing;
          finding.detail =
              child == nullptr ? k_image_gone : words_for_lost_parent_of(child->first.text());
        }
        add(finding);
      }
      child = member;
    }
    if (chain.end == Chain::End::loop) {
      const bool is_too_long = chain.members.size() == k_max_chain;
      findings.push_back({Fault::parent_loop, Where::a, chain.members.back()->first.text(),
                          is_too_long ? k_chain_too_long : k_own_ancestor});
    }
  }

  /// Whether a failed look-up of an image is reported already. One finding is enough for many
  /// failed requests.
  static bool is_told(const Finding& finding, const std::vector<Finding>& findings) {
    return finding.fault == Fault::not_looked_at &&
           std::any_of(findings.begin(), findings.end(), [&](const Finding& other) {
             return other.fault == finding.fault && other.where == finding.where &&
                    other.image == finding.image;
           });
  }

  void count(const VerifiedTag& tag) {
    const auto& findings = tag.findings;
    if (std::any_of(findings.begin(), findings.end(),
                    [](const Finding& finding) { return is_damage(finding.fault); })) {
      ++summary_.damaged;
    } else if (std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
                 return finding.fault == Fault::not_looked_at;
               })) {
      ++summary_.not_looked_at;
    } else {
      ++summary_.sound;
    }
  }

  Session& session_;
  const VerifyOptions& options_;
  const VerifyListener& listener_;
  Pairing& pairing_;
  VerifiedImages images_;
  VerifySummary summary_;
};

} // namespace

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
  case Fault::not_looked_at:
    return "not looked at";
  case Fault::tag_missing:
    return "tag missing";
  case Fault::tag_extra:
    return "tag extra";
  case Fault::tag_differs:
    return "tag differs";
  case Fault::digest_differs:
    return "digest differs";
  case Fault::config_differs:
    return "configuration differs";
  case Fault::files_differ:
    return "files differ";
  case Fault::json_differs:
    return "JSON differs";
  case Fault::size_differs:
    return "size differs";
  case Fault::checksum_differs:
    return "checksum differs";
  case Fault::layer_differs:
    return "layer differs";
  case Fault::ancestry_missing:
    return to_string(Verdict::ancestry_missing);
  case Fault::ancestry_wrong:
    return to_string(Verdict::ancestry_wrong);
  case Fault::dead_upload:
    return to_string(Verdict::dead_upload);
  case Fault::checksum_wrong:
    return to_string(Verdict::checksum_wrong);
  case Fault::layer_damaged:
    return to_string(Verdict::layer_damaged);
  case Fault::layer_cut:
    return to_string(Verdict::layer_cut);
  case Fault::layer_missing:
    return to_string(Verdict::layer_missing);
  case Fault::json_damaged:
    return to_string(Verdict::json_damaged);
  case Fault::parent_loop:
    return to_string(Verdict::parent_loop);
  case Fault::parent_missing:
    return to_string(Verdict::parent_missing);
  case Fault::manifest_missing:
    return to_string(Verdict::manifest_missing);
  case Fault::nowhere:
    return to_string(Verdict::nowhere);
  }
  return "unknown";
}

bool is_damage(Fault fault) noexcept {
  return fault > Fault::not_looked_at;
}

VerifySummary verify(Session& session, const Scope& scope, const VerifyOptions& options,
                     const VerifyListener& listener) {
  Pairing pairing(session, scope);
  const auto model = pairing.a().model();
  if (pairing.b() != nullptr && pairing.b()->model() != model) {
    const auto both = pairing.a().describe() + " and " + pairing.b()->describe();
    if (!options.deep) {
      throw Error(ErrorKind::unsupported,
                  both + " hold images of different protocols, which have no identities in common",
                  "--deep reads and compares them");
    }
    return verify_across_models(session, pairing, listener);
  }
  return model == Model::oci ? verify_oci_images(session, pairing, options, listener)
                             : Verification(session, pairing, options, listener).run();
}

} // namespace regctl::ops
