// SPDX-License-Identifier: Apache-2.0
#include "ops/verify_across.hpp"

#include "ops/content_verdict.hpp"
#include "ops/convert/derived_image.hpp"
#include "ops/convert/originals.hpp"
#include "ops/convert/trial.hpp"
#include "ops/image_content.hpp"
#include "ops/oci/checked_repository.hpp"
#include "ops/places/oci_side.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/derive.hpp>
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
      : session_(session), pairing_(pairing), listener_(listener),
        v1_is_a_(pairing.a().model() == Model::v1), of_v1_(v1_is_a_ ? Where::a : Where::b),
        of_oci_(v1_is_a_ ? Where::b : Where::a), deriver_(session) {}

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
    V1Repository& v1;
    CheckedRepository& oci;
  };

  void verify(const PairedRepository& paired) {
    if (paired.problem) {
      summary_.problems.add(paired.problem);
      listener_.on_problem(paired.name, paired.problem);
      return;
    }
    ++summary_.repositories;
    auto a = pairing_.a().open(paired.name);
    auto b = pairing_.b()->open(paired.name_at_b);
    const auto v1 = std::get<std::unique_ptr<V1Repository>>(std::move(v1_is_a_ ? a : b));
    CheckedRepository oci(std::get<std::unique_ptr<OciRepository>>(std::move(v1_is_a_ ? b : a)),
                          of_oci_, true);
    const Sides sides{*v1, oci};
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
    add(oci.counts());
  }

  Findings check(const PairedTag& tag, const Sides& sides) {
    Findings findings;
    const auto to_nowhere = [&](Where where) {
      findings.push_back(
          {Fault::nowhere, where, "",
           where == of_v1_ ? std::string(k_no_image_id) : "its manifest cannot be read"});
    };
    if (tag.is_at_a && !tag.a) {
      to_nowhere(Where::a);
    }
    if (tag.is_at_b && !tag.b) {
      to_nowhere(Where::b);
    }
    if (!tag.is_at_b) {
      findings.push_back({Fault::tag_missing, Where::b, "", ""});
    } else if (!tag.is_at_a) {
      findings.push_back({Fault::tag_extra, Where::b, "", ""});
    }
    if (tag.a && v1_is_a_) {
      check_image_of(*tag.a, tag.b, sides, findings);
    } else if (tag.a) {
      check_derived_image(*tag.a, tag.b, sides, findings);
    }
    return findings;
  }

  /// A v1 image and the OCI image that it became.
  void check_image_of(const std::string& id, const std::optional<std::string>& at_b,
                      const Sides& sides, Findings& findings) {
    const auto digest = at_b ? oci::Digest::find(*at_b) : std::nullopt;
    std::optional<oci::Manifest> manifest;
    if (digest) {
      const auto found = sides.oci.check(*digest).findings;
      findings.insert(findings.end(), found.begin(), found.end());
      if (auto node = find_manifest(sides.oci.repository(), *digest)) {
        manifest = std::move(node->manifest);
      }
    }
    const bool is_docker = manifest && manifest->media_type == oci::k_docker_manifest;
    const auto expected = convert(is_docker ? docker_ : oci_, id, sides, findings);
    if (!manifest || !expected || expected->manifest == digest || has_damage(findings) ||
        is_unknown(findings)) {
      return;
    }
    compare(id, *digest, *manifest, expected->manifest, sides, findings);
  }

  /// What the image of side A or B becomes; nothing if it cannot be converted, which is found then.
  std::optional<TrialImage> convert(ConversionTrial& trial, const std::string& id,
                                    const Sides& sides, Findings& findings) {
    try {
      return trial.convert(sides.v1, id);
    } catch (const Error& error) {
      name_faults(sides.v1, id, error, findings);
      return std::nullopt;
    }
  }

  /// An OCI image and the v1 image that it became.
  void check_derived_image(const std::string& identity, const std::optional<std::string>& id,
                           const Sides& sides, Findings& findings) {
    const auto digest = digest_of_identity(identity);
    const auto found = sides.oci.check(digest).findings;
    findings.insert(findings.end(), found.begin(), found.end());
    const auto made = id ? convert(oci_, *id, sides, findings) : std::nullopt;
    auto root = find_manifest(sides.oci.repository(), digest);
    if (!root || has_damage(findings) || is_unknown(findings)) {
      return;
    }
    std::optional<DerivedImage> derived;
    std::vector<oci::Platform> platforms;
    if (id && root->manifest.kind == oci::Manifest::Kind::index) {
      try {
        platforms = platforms_of(sides.v1, *id);
      } catch (const Error& error) {
        find_error(error, *id, of_v1_, findings);
        return;
      }
    }
    try {
      derived = deriver_.derive(sides.oci.repository(), std::move(*root), platforms);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::not_found && !platforms.empty()) {
        findings.push_back({Fault::tag_differs, Where::between, *id, error.message()});
      } else {
        find_error(error, identity, of_oci_, findings);
      }
      return;
    }
    if (!made) {
      return;
    }
    try {
      compare_derived(*derived, *id, *made, sides, findings);
    } catch (const Error& error) {
      find_error(error, *id, Where::between, findings);
    }
  }

  /// The platform that a v1 image is for, by which it was chosen from an index; empty if it does
  /// not say so.
  static std::vector<oci::Platform> platforms_of(V1Repository& repository, const std::string& id) {
    const auto image = repository.find_image(id);
    if (!image) {
      return {};
    }
    const auto info = parse_v1_image(image->json);
    if (info.os.empty() || info.architecture.empty()) {
      return {};
    }
    return {{info.os, info.architecture, info.variant}};
  }

  /// `made` is what `id` becomes in turn.
  void compare_derived(const DerivedImage& derived, const std::string& id, const TrialImage& made,
                       const Sides& sides, Findings& findings) {
    const bool is_it = is_derived(derived, id, sides.v1);
    if (is_it && made.layers == sum_of_layers(layers_with_entries(derived))) {
      return;
    }
    auto found = compare_contents(session_,
                                  open_oci_image(sides.oci.repository(), derived.manifest,
                                                 derived.descriptor.digest.to_string()),
                                  open_v1_image(session_, sides.v1, id),
                                  "image " + short_id(derived.top_id()));
    // An empty layer may be a tar in another form, whose diff ID is another one.
    if (!is_it || found.fault != Fault::digest_differs) {
      findings.push_back(std::move(found));
    }
  }

  /// Whether a v1 image has the ID and the JSON that conversion gives, or is one from which the
  /// OCI image was made.
  bool is_derived(const DerivedImage& derived, const std::string& id, V1Repository& repository) {
    if (original_id_of(derived) == id && find_originals(session_, repository, derived)) {
      return true;
    }
    const auto image = id == derived.top_id() ? repository.find_image(id) : std::nullopt;
    if (!image) {
      return false;
    }
    const auto texts = all_texts(*image);
    return std::find(texts.begin(), texts.end(), derived.chain.images.back().json) != texts.end();
  }

  static std::vector<std::string> layers_with_entries(const DerivedImage& derived) {
    std::vector<std::string> diff_ids;
    for (const auto& step : derived.chain.images) {
      const auto diff_id =
          step.layer_index ? derived.chain.diff_ids[*step.layer_index] : std::string();
      if (!diff_id.empty() && diff_id != k_empty_tar_diff_id) {
        diff_ids.push_back(diff_id);
      }
    }
    return diff_ids;
  }

  /// Nothing if it cannot be read, which the check of the repository has found.
  static std::optional<ManifestNode> find_manifest(OciRepository& repository,
                                                   const oci::Digest& digest) {
    try {
      auto document = repository.read_manifest(digest);
      return document ? std::optional(to_node(*std::move(document), repository.describe()))
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
      auto found =
          compare_contents(session_, open_v1_image(session_, sides.v1, id),
                           open_oci_image(sides.oci.repository(), manifest, digest.to_string()),
                           expected.to_string());
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
    const auto& of_it = v1_is_a_ ? pairing_.a() : *pairing_.b();
    const CheckedSide side{repository, of_v1_, of_it.holds_pushed_layers()};
    Findings found;
    std::string child;
    walk_parents(top, [&](const std::string& id) {
      auto report = look_at(side, id);
      for (auto& finding : report.findings) {
        if (finding.fault == Fault::parent_missing) {
          finding.fault = child.empty() ? Fault::nowhere : Fault::parent_missing;
          finding.detail = child.empty() ? k_image_gone : words_for_lost_parent_of(child);
        }
        found.push_back(std::move(finding));
      }
      child = id;
      return report.parent;
    });
    findings.insert(findings.end(), found.begin(), found.end());
    if (!has_damage(found) && !is_unknown(found)) {
      find_error(why, top, of_v1_, findings);
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
  const bool v1_is_a_;
  const Where of_v1_;  ///< the side of v1 images
  const Where of_oci_; ///< the other one
  ConversionTrial oci_{session_, OciForm::oci};
  ConversionTrial docker_{session_, OciForm::docker};
  ImageDeriver deriver_;
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
