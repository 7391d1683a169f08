// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/verify_images.hpp"

#include "ops/oci/checked_repository.hpp"
#include "ops/places/oci_side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace regctl::ops {

namespace {

using Where = Finding::Where;

class OciVerification {
public:
  OciVerification(Session& session, Pairing& pairing, const VerifyOptions& options,
                  const VerifyListener& listener)
      : session_(session), pairing_(pairing), options_(options), listener_(listener) {}

  VerifySummary run() {
    for (auto few = pairing_.next(); !few.empty(); few = pairing_.next()) {
      for (const auto& paired : few) {
        verify(paired);
      }
    }
    return std::move(summary_);
  }

private:
  using Opened = std::unique_ptr<OciRepository>;

  void verify(const PairedRepository& paired) {
    if (paired.problem) {
      summary_.problems.add(paired.problem);
      listener_.on_problem(paired.name, paired.problem);
      return;
    }
    ++summary_.repositories;
    CheckedRepository a(std::get<Opened>(pairing_.a().open(paired.name)), Where::a, options_.deep);
    std::optional<CheckedRepository> b;
    if (pairing_.b() != nullptr) {
      b.emplace(std::get<Opened>(pairing_.b()->open(paired.name_at_b)), Where::b, options_.deep);
    }
    std::vector<VerifiedTag> tags;
    for (const auto& [tag, sides] : paired.tags) {
      tags.push_back({paired.name, tag, sides.a ? sides.a : sides.b, {}});
    }
    run_parallel(session_.jobs(), tags.size(), [&](std::size_t i) {
      check(paired.tags.at(tags[i].tag), a, b ? &*b : nullptr, tags[i].findings);
    });
    for (const auto& tag : tags) {
      count(tag);
      listener_.on_tag(tag);
    }
    add(a.counts());
    if (b) {
      add(b->counts());
    }
  }

  static void check(const PairedTag& sides, CheckedRepository& a, CheckedRepository* b,
                    std::vector<Finding>& findings) {
    const auto difference = b == nullptr ? std::nullopt : find_difference(sides);
    if (sides.is_at_a && !sides.a) {
      findings.push_back({Fault::nowhere, Where::a, "", "its manifest cannot be read"});
    }
    if (sides.is_at_b && !sides.b) {
      findings.push_back({Fault::nowhere, Where::b, "", "its manifest cannot be read"});
    }
    if (difference == Difference::missing) {
      findings.push_back({Fault::tag_missing, Where::b, "", ""});
    } else if (difference == Difference::extra) {
      findings.push_back({Fault::tag_extra, Where::b, "", ""});
    } else if (difference == Difference::different) {
      findings.push_back({Fault::tag_differs, Where::between, "", "it names " + *sides.b});
    }
    const auto add = [&](CheckedRepository& side) {
      auto found = side.check(digest_of_identity(*sides.a)).findings;
      findings.insert(findings.end(), found.begin(), found.end());
    };
    if (sides.a) {
      add(a);
    }
    if (sides.a && b != nullptr && !difference) {
      add(*b);
    }
  }

  void count(const VerifiedTag& tag) {
    const auto has = [&](auto&& is_so) {
      return std::any_of(tag.findings.begin(), tag.findings.end(),
                         [&](const Finding& finding) { return is_so(finding.fault); });
    };
    if (has(is_damage)) {
      ++summary_.damaged;
    } else if (has([](Fault fault) { return fault == Fault::not_looked_at; })) {
      ++summary_.not_looked_at;
    } else {
      ++summary_.sound;
    }
  }

  void add(const CheckedRepository::Counts& counts) {
    summary_.images += counts.manifests;
    summary_.layers_read += counts.blobs_read;
    summary_.bytes_read += counts.bytes_read;
    for (const auto& problem : counts.problems) {
      summary_.problems.add(problem);
    }
  }

  Session& session_;
  Pairing& pairing_;
  const VerifyOptions& options_;
  const VerifyListener& listener_;
  VerifySummary summary_;
};

} // namespace

VerifySummary verify_oci_images(Session& session, Pairing& pairing, const VerifyOptions& options,
                                const VerifyListener& listener) {
  return OciVerification(session, pairing, options, listener).run();
}

} // namespace regctl::ops
