// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/tree_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/oci/tree_audit.hpp>

#include <algorithm>
#include <set>

namespace regctl::ops {

namespace {

constexpr ServerAnswer k_none{k_status_not_found, k_status_not_found};

using LinkState = V2Storage::LinkState;

class Audit {
public:
  Audit(const V2Storage& storage, const TreeAuditOptions& options,
        const TreeAuditListener& listener)
      : storage_(storage), options_(options), listener_(listener),
        blobs_(storage, options.deep ? BlobCheck::bytes : BlobCheck::size, options.jobs) {}

  void run() {
    summary_.place = storage_.location();
    summary_.is_deep = options_.deep;
    bool is_found = false;
    storage_.walk([&](const V2Storage::Found& found) {
      check_interrupted();
      if (!options_.repository || *options_.repository == found.name) {
        is_found = true;
        audit(found);
      }
    });
    if (options_.repository && !is_found) {
      throw Error(ErrorKind::not_found, "there is no repository v2-storage:" + storage_.location() +
                                            ":" + *options_.repository);
    }
    if (listener_.on_summary) {
      listener_.on_summary(summary_);
    }
  }

private:
  void audit(const V2Storage::Found& found) {
    TreeRepository repository(blobs_, found);
    AuditedTreeRepository record{.name = found.name};
    std::set<oci::Digest> tagged;
    audit_tags(repository, record, tagged);
    if (!options_.tag) {
      audit_untagged(repository, record, tagged);
    }
    add_lists(found, record);
    storage_.tree().list_entries(v2_paths::uploads(found.name), [&](const FolderEntry& entry) {
      const bool is_upload = entry.is_folder && !is_removed_name(entry.name);
      record.uploads += is_upload ? 1 : 0;
    });
    if (!found.is_legal) {
      record.state = TreeState::illegal_repository_name;
    }
    ++summary_.repositories[record.state];
    if (listener_.on_repository) {
      listener_.on_repository(record);
    }
  }

  void audit_tags(TreeRepository& repository, AuditedTreeRepository& record,
                  std::set<oci::Digest>& tagged) {
    const auto tags = repository.tags();
    record.tag_list =
        tags && repository.found().is_legal ? ServerAnswer{k_status_ok, k_status_ok} : k_none;
    bool is_found = false;
    for (const auto& tag : tags.value_or(std::vector<TreeTag>())) {
      ++record.listed_tags;
      const bool is_wanted = !options_.tag || *options_.tag == tag.name;
      const bool is_tag_name = is_tag(tag.name);
      if (!is_wanted || (!tag.is_folder && !is_tag_name)) { // a stray file is listed, and no more
        continue;
      }
      is_found = true;
      record.tags += is_tag_name ? 1 : 0;
      auto audited = judge_tag(repository, tag);
      if (audited.digest) {
        tagged.insert(*audited.digest);
      }
      if (!is_tag_name) {
        audited.state = TreeState::illegal_tag_name;
        audited.by_tag = k_none;
      }
      add(repository, std::move(audited), record);
    }
    if (options_.tag && !is_found) {
      throw Error(ErrorKind::not_found, "there is no tag v2-storage:" + storage_.location() + ":" +
                                            repository.name() + ":" + *options_.tag);
    }
  }

  static AuditedManifest judge_tag(TreeRepository& repository, const TreeTag& tag) {
    AuditedManifest audited{.repository = repository.name(), .tag = tag.name};
    const auto current = repository.current(tag);
    if (current.state == LinkState::sound) {
      judge(repository, *current.digest, audited);
      audited.by_tag = audited.by_digest;
      return audited;
    }
    audited.state = TreeState::damaged;
    if (current.state == LinkState::absent) {
      audited.detail = "the tag names nothing";
      audited.by_tag = k_none;
    } else {
      audited.detail = "the link of the tag is damaged";
      audited.by_tag = ServerAnswer{k_status_failed, k_status_failed};
    }
    return audited;
  }

  static void judge(TreeRepository& repository, const oci::Digest& digest,
                    AuditedManifest& audited) {
    const auto judgement = repository.judge(digest);
    audited.digest = digest;
    audited.state = judgement.state;
    audited.detail = judgement.detail;
    audited.by_digest = repository.read(digest).answer;
  }

  void audit_untagged(TreeRepository& repository, AuditedTreeRepository& record,
                      const std::set<oci::Digest>& tagged) {
    for (const auto& digest : repository.revisions()) {
      if (!tagged.contains(digest)) {
        ++record.untagged;
        AuditedManifest audited{.repository = repository.name()};
        judge(repository, digest, audited);
        add(repository, std::move(audited), record);
      }
    }
  }

  void add(const TreeRepository& repository, AuditedManifest audited,
           AuditedTreeRepository& record) {
    if (!repository.found().is_legal) { // whatever lies there, no request can name it
      audited.state = TreeState::illegal_repository_name;
      audited.by_digest = k_none;
      audited.by_tag = audited.tag ? std::optional(k_none) : std::nullopt;
    }
    const bool is_damaged = audited.state >= TreeState::damaged_below;
    record.damaged += is_damaged ? 1 : 0;
    if (is_damaged) {
      record.state = TreeState::damaged;
    }
    ++summary_.manifests[audited.state];
    if (listener_.on_manifest) {
      listener_.on_manifest(audited);
    }
  }

  /// What the lists of servers have of it. Their walk does not enter folders that begin with '_'.
  static void add_lists(const V2Storage::Found& found, AuditedTreeRepository& record) {
    const bool is_entered =
        !found.name.starts_with('_') && found.name.find("/_") == std::string::npos;
    record.is_in_catalog_of_2 = is_entered && found.has_layers;
    record.is_in_catalog_of_3 = is_entered && found.has_manifests;
  }

  const V2Storage& storage_;
  const TreeAuditOptions& options_;
  const TreeAuditListener& listener_;
  TreeBlobs blobs_;
  TreeAuditSummary summary_;
};

} // namespace

std::string_view to_string(TreeState state) noexcept {
  switch (state) {
  case TreeState::sound:
    return "sound";
  case TreeState::illegal_tag_name:
    return "illegal tag name";
  case TreeState::illegal_repository_name:
    return "illegal repository name";
  case TreeState::damaged_below:
    return "damaged below";
  case TreeState::damaged:
    return "damaged";
  }
  return "";
}

void audit_tree(const V2Storage& storage, const TreeAuditOptions& options,
                const TreeAuditListener& listener) {
  Audit(storage, options, listener).run();
}

} // namespace regctl::ops
