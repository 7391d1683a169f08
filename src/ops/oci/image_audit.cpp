// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/image_audit.hpp"

#include "ops/oci/checked_repository.hpp"
#include "ops/places/oci_side.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

Verdict to_verdict(Fault fault) noexcept {
  switch (fault) {
  case Fault::size_differs:
    return Verdict::size_wrong;
  case Fault::checksum_wrong:
    return Verdict::checksum_wrong;
  case Fault::layer_missing:
    return Verdict::layer_missing;
  case Fault::json_damaged:
    return Verdict::json_damaged;
  case Fault::manifest_missing:
    return Verdict::manifest_missing;
  case Fault::nowhere:
    return Verdict::nowhere;
  default:
    return Verdict::unreadable;
  }
}

class OciAudit {
public:
  OciAudit(Session& session, Pairing& pairing, const AuditOptions& options,
           const AuditListener& listener, bool is_whole)
      : session_(session), pairing_(pairing), options_(options), listener_(listener),
        is_whole_(is_whole) {}

  void run(std::string place) {
    summary_.place = std::move(place);
    summary_.is_deep = options_.deep;
    summary_.has_blobs = true;
    for (auto few = pairing_.next(); !few.empty(); few = pairing_.next()) {
      for (const auto& paired : few) {
        audit(paired);
      }
    }
    tell_tags();
    tell_contents();
    tell_repositories();
    listener_.on_summary(summary_);
  }

private:
  static constexpr std::size_t k_none = SIZE_MAX;

  /// A manifest or a blob.
  struct Content {
    std::optional<std::uint64_t> size_bytes; ///< nothing if it is not there
    Verdict verdict = Verdict::sound;
    std::string detail;
    std::size_t repository = 0;       ///< the first one that needs it
    std::size_t named = 0;            ///< the same, or the one where it is damaged
    std::size_t counted_for = k_none; ///< the last one whose size it was added to
    bool is_shared = false;           ///< others than the first one need it too
  };

  void audit(const PairedRepository& paired) {
    repositories_.emplace_back();
    repositories_.back().name = paired.name;
    repositories_.back().problem = paired.problem;
    if (paired.problem) {
      return;
    }
    CheckedRepository repository(
        std::get<std::unique_ptr<OciRepository>>(pairing_.a().open(paired.name)), Finding::Where::a,
        options_.deep);
    std::vector<AuditedTag> tags;
    for (const auto& [tag, sides] : paired.tags) {
      tags.push_back({.repository = paired.name, .tag = tag, .id = sides.a});
    }
    std::vector<std::exception_ptr> problems(tags.size());
    run_parallel(session_.jobs(), tags.size(), [&](std::size_t i) {
      if (!tags[i].id) {
        problems[i] = identify(repository.repository(), tags[i]);
      }
    });
    check(repository, tags);
    std::erase(problems, nullptr);
    problems.insert(problems.end(), repository.counts().problems.begin(),
                    repository.counts().problems.end());
    throw_if_silent(repository.repository(), problems);
    for (auto& tag : tags) {
      ++repositories_.back().tags;
      repositories_.back().damaged_tags += tag.is_damaged ? 1 : 0;
      tags_.push_back(std::move(tag));
    }
  }

  /// Asks once more for a tag that the store lists and could not read. Sets its ID, or its verdict
  /// if it has none; returns why the store did not answer.
  static std::exception_ptr identify(OciRepository& repository, AuditedTag& tag) {
    tag.verdict = Verdict::nowhere;
    tag.is_damaged = true;
    tag.detail = "its manifest is not there";
    try {
      if (const auto found = repository.find_manifest(oci::ManifestName::tag(tag.tag))) {
        tag = {.repository = tag.repository, .tag = tag.tag, .id = found->digest.to_string()};
      }
    } catch (const Error& error) {
      const auto problem = std::current_exception();
      const auto fault = fault_of(problem, Fault::json_damaged);
      if (fault != Fault::layer_missing) { // the manifest
        tag.verdict = to_verdict(fault);
        tag.detail = error.message();
      }
      return fault == Fault::not_looked_at ? problem : nullptr;
    }
    return nullptr;
  }

  /// Checks each image once, however many tags name it.
  void check(CheckedRepository& repository, std::vector<AuditedTag>& tags) {
    std::map<std::string, std::vector<AuditedTag*>> by_id;
    for (auto& tag : tags) {
      if (tag.id) {
        by_id[*tag.id].push_back(&tag);
      }
    }
    const std::vector<std::pair<std::string, std::vector<AuditedTag*>>> images(by_id.begin(),
                                                                               by_id.end());
    std::mutex mutex; // guards the contents
    run_parallel(session_.jobs(), images.size(), [&](std::size_t i) {
      const auto& [id, named] = images[i];
      const auto image = repository.check(digest_of_identity(id));
      for (auto* tag : named) {
        judge(image, *tag);
      }
      const std::lock_guard lock(mutex);
      add(image);
    });
  }

  /// If the store does not answer for a manifest or a blob but still lists tags, that one is
  /// unreadable. Else the error is thrown: what is not known is neither sound nor damaged.
  static void throw_if_silent(OciRepository& repository,
                              const std::vector<std::exception_ptr>& problems) {
    for (const auto& problem : problems) {
      if (explain(problem).kind == ErrorKind::denied) {
        std::rethrow_exception(problem);
      }
    }
    if (!problems.empty()) {
      repository.list_tags([](const auto&) {});
    }
  }

  static void judge(const CheckedRepository::Image& image, AuditedTag& tag) {
    for (const auto& finding : image.findings) {
      if (const auto verdict = to_verdict(finding.fault); verdict > tag.verdict) {
        tag.verdict = verdict;
        tag.is_damaged = true;
        tag.at_fault = finding.image;
        tag.detail = finding.detail;
      }
    }
    std::uint64_t size_bytes = 0;
    for (const auto& [digest, bytes] : image.sizes) {
      add_size(size_bytes, bytes);
    }
    tag.size_bytes = size_bytes;
  }

  void add(const CheckedRepository::Image& image) {
    for (const auto& [digest, bytes] : image.sizes) {
      content_of(digest.to_string(), bytes);
    }
    for (const auto& finding : image.findings) {
      auto& content = content_of(finding.image, std::nullopt);
      if (const auto verdict = to_verdict(finding.fault); verdict > content.verdict) {
        content.verdict = verdict;
        content.detail = finding.detail;
        content.named = repositories_.size() - 1;
      }
    }
  }

  /// Counts a content that a tag of the last repository needs.
  Content& content_of(const std::string& digest, const std::optional<std::uint64_t>& size_bytes) {
    const auto current = repositories_.size() - 1;
    const auto [entry, is_new] = contents_.try_emplace(digest);
    auto& content = entry->second;
    if (is_new) {
      content.repository = content.named = current;
    }
    content.is_shared = content.is_shared || content.repository != current;
    if (size_bytes && std::exchange(content.counted_for, current) != current) {
      content.size_bytes = size_bytes;
      repositories_.back().size.add(size_bytes);
    }
    return content;
  }

  void tell_tags() {
    std::stable_sort(tags_.begin(), tags_.end(),
                     [](const auto& a, const auto& b) { return a.verdict > b.verdict; });
    for (const auto& tag : tags_) {
      ++summary_.tags[tag.verdict].number;
      summary_.damaged_tags += tag.is_damaged ? 1 : 0;
      listener_.on_tag(tag);
    }
  }

  void tell_contents() {
    using Entry = decltype(contents_)::value_type;
    std::vector<const Entry*> order;
    for (const auto& entry : contents_) {
      order.push_back(&entry);
    }
    std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
      return a->second.verdict > b->second.verdict;
    });
    SizeSum shared;
    for (const auto* entry : order) {
      const auto& content = entry->second;
      const AuditedImage row{.id = entry->first,
                             .verdict = content.verdict,
                             .is_damaged = content.verdict != Verdict::sound,
                             .detail = content.detail,
                             .layer_size_bytes = content.size_bytes,
                             .repository = repositories_[content.named].name,
                             .is_shared = content.is_shared,
                             .changed = std::nullopt};
      auto& count = summary_.images[row.verdict];
      ++count.number;
      count.size.add(content.size_bytes.value_or(0)); // what is not there takes no space
      summary_.damaged_images += row.is_damaged ? 1 : 0;
      if (content.is_shared) {
        shared.add(content.size_bytes.value_or(0));
      } else {
        freed_[content.repository].add(content.size_bytes.value_or(0));
      }
      listener_.on_image(row);
    }
    if (is_all_known()) {
      summary_.shared = shared;
    }
  }

  /// Whether what repositories share is known.
  [[nodiscard]] bool is_all_known() const {
    return is_whole_ && std::none_of(repositories_.begin(), repositories_.end(),
                                     [](const auto& row) { return row.problem != nullptr; });
  }

  void tell_repositories() {
    const bool is_known = is_all_known();
    for (std::size_t i = 0; i < repositories_.size(); ++i) {
      auto& row = repositories_[i];
      if (is_known) {
        row.freed = freed_[i];
        row.shared = SizeSum{row.size.bytes - row.freed->bytes, 0};
      }
      if (row.problem) {
        summary_.problems.add(row.problem);
      }
    }
    std::stable_sort(repositories_.begin(), repositories_.end(), [](const auto& a, const auto& b) {
      return a.freed.value_or(SizeSum()).bytes > b.freed.value_or(SizeSum()).bytes;
    });
    summary_.repositories = repositories_.size();
    for (const auto& row : repositories_) {
      listener_.on_repository(row);
    }
  }

  Session& session_;
  Pairing& pairing_;
  const AuditOptions& options_;
  const AuditListener& listener_;
  const bool is_whole_;
  std::vector<AuditedTag> tags_;
  std::map<std::string, Content> contents_; ///< digest → content
  std::vector<AuditedRepository> repositories_;
  std::map<std::size_t, SizeSum> freed_; ///< repository → what it alone needs
  AuditSummary summary_;
};

} // namespace

void audit_oci_images(Session& session, Pairing& pairing, const AuditOptions& options,
                      const AuditListener& listener, std::string place, bool is_whole) {
  OciAudit(session, pairing, options, listener, is_whole).run(std::move(place));
}

} // namespace regctl::ops
