// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/verify_images.hpp"

#include "ops/oci/manifest_tree.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

using Where = Finding::Where;

/// One repository of one side. The findings of its blobs and manifests are kept, since tags share
/// them. Thread-safe.
class CheckedRepository {
public:
  CheckedRepository(std::unique_ptr<OciRepository> repository, Where where, bool is_deep)
      : repository_(std::move(repository)), where_(where), is_deep_(is_deep) {}

  struct Counts {
    std::uint64_t manifests = 0;
    std::uint64_t blobs_read = 0;
    std::uint64_t bytes_read = 0;
    std::vector<std::exception_ptr> problems;
  };

  /// All faults of the image, the root first.
  std::vector<Finding> check(const oci::Digest& root) {
    std::vector<Finding> findings;
    std::set<oci::Digest> seen;
    check_manifest({.media_type = {}, .digest = root}, 0, seen, findings);
    return findings;
  }

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

private:
  void check_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                      std::set<oci::Digest>& seen, std::vector<Finding>& findings) {
    const auto digest = descriptor.digest.to_string();
    if (!seen.insert(descriptor.digest).second) {
      return;
    }
    if (depth > oci::k_max_index_depth) {
      findings.push_back({Fault::json_damaged, where_, digest, "the indexes are too deep"});
      return;
    }
    std::optional<oci::Manifest> manifest;
    try {
      if (auto document = repository_->read_manifest(descriptor.digest)) {
        manifest = to_node(*std::move(document), repository_->describe()).manifest;
      }
    } catch (const Error& error) {
      find(error, Fault::json_damaged, digest, findings);
      return;
    }
    count_manifest(descriptor.digest);
    if (!manifest) {
      findings.push_back({depth == 0 ? Fault::nowhere : Fault::manifest_missing, where_, digest,
                          depth == 0 ? "its manifest is not there" : "an index names it"});
      return;
    }
    for (const auto& blob : manifest->blobs()) {
      check_blob(blob, manifest->kind == oci::Manifest::Kind::schema1, findings);
    }
    for (const auto& child : manifest->manifests) {
      check_manifest(child, depth + 1, seen, findings);
    }
  }

  void check_blob(const oci::Descriptor& blob, bool has_no_size, std::vector<Finding>& findings) {
    const auto found = look_at(blob, has_no_size);
    findings.insert(findings.end(), found.begin(), found.end());
  }

  std::vector<Finding> look_at(const oci::Descriptor& blob, bool has_no_size) {
    const auto digest = blob.digest.to_string();
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = blobs_.find(digest); known != blobs_.end()) {
        return known->second;
      }
    }
    std::vector<Finding> findings;
    try {
      const auto size = repository_->find_blob(blob.digest);
      const bool may_be_elsewhere = oci::is_foreign_layer(blob.media_type) && !blob.urls.empty();
      if (!size && !may_be_elsewhere) {
        findings.push_back({Fault::layer_missing, where_, digest, "the blob is not there"});
      } else if (size && !has_no_size && *size != blob.size_bytes) {
        findings.push_back(
            {Fault::size_differs, where_, digest,
             std::to_string(*size) + " bytes instead of " + std::to_string(blob.size_bytes)});
      } else if (size && is_deep_) {
        read(blob, *size);
      }
    } catch (const Error& error) {
      find(error, Fault::checksum_wrong, digest, findings);
    }
    const std::lock_guard lock(mutex_);
    return blobs_.emplace(digest, std::move(findings)).first->second;
  }

  void read(const oci::Descriptor& blob, std::uint64_t size_bytes) {
    auto sized = blob;
    sized.size_bytes = size_bytes;
    const auto source = repository_->open_blob(sized);
    const auto bytes = drain(*source);
    const std::lock_guard lock(mutex_);
    ++counts_.blobs_read;
    add_size(counts_.bytes_read, bytes);
  }

  void count_manifest(const oci::Digest& digest) {
    const std::lock_guard lock(mutex_);
    counts_.manifests += manifests_.insert(digest).second ? 1 : 0;
  }

  /// Damage, or a store that did not answer.
  void find(const Error& error, Fault if_broken, const std::string& digest,
            std::vector<Finding>& findings) {
    if (error.kind() == ErrorKind::interrupted) {
      throw error;
    }
    const auto problem = std::make_exception_ptr(error);
    const auto fault = fault_of(problem, if_broken);
    findings.push_back({fault, where_, digest, error.message()});
    if (fault == Fault::not_looked_at) {
      const std::lock_guard lock(mutex_);
      counts_.problems.push_back(problem);
    }
  }

  std::unique_ptr<OciRepository> repository_;
  const Where where_;
  const bool is_deep_;
  std::mutex mutex_; ///< guards the members below
  std::map<std::string, std::vector<Finding>> blobs_;
  std::set<oci::Digest> manifests_;
  Counts counts_;
};

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
      auto found = side.check(oci::Digest::parse(*sides.a, "the identity of a tag"));
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
