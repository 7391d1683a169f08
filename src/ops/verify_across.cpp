// SPDX-License-Identifier: Apache-2.0
#include "ops/verify_across.hpp"

#include "ops/content_verdict.hpp"
#include "ops/convert/trial.hpp"
#include "ops/image_content.hpp"
#include "ops/oci/checked_repository.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

using Where = Finding::Where;
using Findings = std::vector<Finding>;

bool has_damage(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return is_damage(finding.fault); });
}

bool is_unknown(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.fault == Fault::not_looked_at; });
}

class AcrossVerification {
public:
  AcrossVerification(Session& session, Pairing& pairing, const VerifyListener& listener)
      : session_(session), pairing_(pairing), listener_(listener) {}

  VerifySummary run() {
    for (auto few = pairing_.next(); !few.empty(); few = pairing_.next()) {
      for (const auto& paired : few) {
        verify(paired);
      }
    }
    for (const auto* trial : {&oci_, &docker_}) {
      const auto& counts = trial->counts();
      summary_.images += counts.images;
      summary_.layers_read += counts.layers_read;
      summary_.bytes_read += counts.bytes_read;
      summary_.sums_unknown += counts.sums_unknown;
    }
    return std::move(summary_);
  }

private:
  struct Sides {
    V1Repository& a;
    CheckedRepository& b;
  };

  void verify(const PairedRepository& paired) {
    if (paired.problem) {
      summary_.problems.add(paired.problem);
      listener_.on_problem(paired.name, paired.problem);
      return;
    }
    ++summary_.repositories;
    const auto a = std::get<std::unique_ptr<V1Repository>>(pairing_.a().open(paired.name));
    CheckedRepository b(
        std::get<std::unique_ptr<OciRepository>>(pairing_.b()->open(paired.name_at_b)), Where::b,
        true);
    const Sides sides{*a, b};
    std::vector<VerifiedTag> tags;
    for (const auto& [tag, of_tag] : paired.tags) {
      tags.push_back({paired.name, tag, of_tag.a ? of_tag.a : of_tag.b, {}});
    }
    run_parallel(session_.jobs(), tags.size(), [&](std::size_t i) {
      tags[i].findings = check(paired.tags.at(tags[i].tag), sides);
    });
    for (const auto& tag : tags) {
      count(tag.findings);
      listener_.on_tag(tag);
    }
    add(b.counts());
  }

  Findings check(const PairedTag& tag, const Sides& sides) {
    Findings findings;
    if (tag.is_at_a && !tag.a) {
      findings.push_back({Fault::nowhere, Where::a, "", k_no_image_id});
    }
    if (tag.is_at_b && !tag.b) {
      findings.push_back({Fault::nowhere, Where::b, "", "its manifest cannot be read"});
    }
    if (!tag.is_at_b) {
      findings.push_back({Fault::tag_missing, Where::b, "", ""});
    } else if (!tag.is_at_a) {
      findings.push_back({Fault::tag_extra, Where::b, "", ""});
    }
    if (tag.a) {
      check_image_of(*tag.a, tag.b, sides, findings);
    }
    return findings;
  }

  void check_image_of(const std::string& id, const std::optional<std::string>& at_b,
                      const Sides& sides, Findings& findings) {
    const auto digest = at_b ? oci::Digest::find(*at_b) : std::nullopt;
    std::optional<oci::Manifest> manifest;
    if (digest) {
      const auto found = sides.b.check(*digest);
      findings.insert(findings.end(), found.begin(), found.end());
      manifest = find_manifest(sides.b.repository(), *digest);
    }
    const bool is_docker = manifest && manifest->media_type == oci::k_docker_manifest;
    std::optional<oci::Digest> expected;
    try {
      expected = (is_docker ? docker_ : oci_).convert(sides.a, id);
    } catch (const Error& error) {
      name_faults(sides.a, id, error, findings);
      return;
    }
    if (!manifest || expected == digest || has_damage(findings) || is_unknown(findings)) {
      return;
    }
    compare(id, *digest, *manifest, *expected, sides, findings);
  }

  /// Nothing if it cannot be read, which the check of the repository has found.
  static std::optional<oci::Manifest> find_manifest(OciRepository& repository,
                                                    const oci::Digest& digest) {
    try {
      auto document = repository.read_manifest(digest);
      return document ? std::optional(to_node(*std::move(document), repository.describe()).manifest)
                      : std::nullopt;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      return std::nullopt;
    }
  }

  void compare(const std::string& id, const oci::Digest& digest, const oci::Manifest& manifest,
               const oci::Digest& expected, const Sides& sides, Findings& findings) {
    if (manifest.kind != oci::Manifest::Kind::image) {
      findings.push_back(
          {Fault::tag_differs, Where::between, digest.to_string(),
           "it names no single image, and conversion gives " + expected.to_string()});
      return;
    }
    try {
      auto found = compare_contents(
          session_, open_v1_image(session_, sides.a, id),
          open_oci_image(sides.b.repository(), manifest, digest.to_string()), expected.to_string());
      findings.push_back(std::move(found));
    } catch (const Error& error) {
      find_error(error, id, Where::between, findings);
    }
  }

  /// Says which image of a chain that cannot be converted is at fault, and why.
  void name_faults(V1Repository& repository, const std::string& top, const Error& why,
                   Findings& findings) {
    if (why.kind() == ErrorKind::interrupted) {
      throw why;
    }
    const CheckedSide side{repository, Where::a, pairing_.a().holds_pushed_layers()};
    Findings found;
    std::optional<std::string> id = top;
    std::string child;
    for (std::size_t n = 0; id && n < k_max_chain; ++n) {
      auto report = look_at(side, *id);
      for (auto& finding : report.findings) {
        if (finding.fault == Fault::parent_missing) {
          finding.fault = child.empty() ? Fault::nowhere : Fault::parent_missing;
          finding.detail = child.empty() ? k_image_gone : words_for_lost_parent_of(child);
        }
        found.push_back(std::move(finding));
      }
      child = *id;
      id = report.parent;
    }
    findings.insert(findings.end(), found.begin(), found.end());
    if (!has_damage(found) && !is_unknown(found)) {
      find_error(why, top, Where::a, findings);
    }
  }

  /// The faults of one image, which many tags may have.
  ImageReport look_at(const CheckedSide& side, const std::string& id) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto* known = reports_.find(id)) {
        return *known;
      }
    }
    auto report = check_image(session_, side, nullptr, id, {.deep = true});
    const std::lock_guard lock(mutex_);
    for (const auto& problem : report.problems) {
      summary_.problems.add(problem);
    }
    reports_.put(id, report);
    return report;
  }

  void find_error(const Error& error, const std::string& id, Where where, Findings& findings) {
    if (error.kind() == ErrorKind::interrupted) {
      throw error;
    }
    const auto problem = std::make_exception_ptr(error);
    const auto fault = fault_of(problem, Fault::layer_damaged);
    findings.push_back({fault, where, id, error.message()});
    if (fault == Fault::not_looked_at) {
      const std::lock_guard lock(mutex_);
      summary_.problems.add(problem);
    }
  }

  void count(const Findings& findings) {
    ++(has_damage(findings)   ? summary_.damaged
       : is_unknown(findings) ? summary_.not_looked_at
                              : summary_.sound);
  }

  void add(const CheckedRepository::Counts& counts) {
    summary_.images += counts.manifests;
    summary_.layers_read += counts.blobs_read;
    summary_.bytes_read += counts.bytes_read;
    for (const auto& problem : counts.problems) {
      summary_.problems.add(problem);
    }
  }

  static constexpr std::size_t k_known_reports = 10'000;

  Session& session_;
  Pairing& pairing_;
  const VerifyListener& listener_;
  ConversionTrial oci_{session_, OciForm::oci};
  ConversionTrial docker_{session_, OciForm::docker};
  std::mutex mutex_;                                 ///< guards the members below
  LimitedMap<ImageReport> reports_{k_known_reports}; ///< of images of broken chains
  VerifySummary summary_;
};

} // namespace

VerifySummary verify_across_models(Session& session, Pairing& pairing,
                                   const VerifyListener& listener) {
  return AcrossVerification(session, pairing, listener).run();
}

} // namespace regctl::ops
