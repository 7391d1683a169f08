// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/pending_entries.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <algorithm>
#include <utility>

namespace regctl {

namespace {

/// Removes the manifests of that digest; returns whether there were any.
bool remove_from(std::vector<oci::Descriptor>& list, const oci::Digest& digest) {
  return std::erase_if(list, [&](const auto& manifest) { return manifest.digest == digest; }) > 0;
}

} // namespace

PutManifest make_entry(const oci::Document& document, const std::string& what) {
  if (oci::is_schema1(document.media_type)) {
    throw Error(ErrorKind::unsupported,
                what + " cannot hold the image manifest " + document.digest.to_string() +
                    " of Docker's schema 1: it stores manifests by the digest of their bytes",
                "convert the image");
  }
  if (oci::Digest::of(document.bytes, document.digest.algorithm()) != document.digest) {
    throw Error(ErrorKind::integrity,
                "the manifest " + document.digest.to_string() + " has other bytes than its digest");
  }
  auto manifest =
      oci::Manifest::parse(document.bytes, document.media_type, document.digest.to_string());
  PutManifest put{.entry = document.descriptor(), .subject = {}, .children = {}};
  if (manifest.subject) {
    put.subject = manifest.subject->digest;
    put.entry.artifact_type = manifest.referrer_type();
    put.annotations = std::move(manifest.annotations);
  }
  put.children = std::move(manifest.manifests);
  return put;
}

void PendingEntries::add(PutManifest manifest, const std::optional<std::string>& tag) {
  const std::lock_guard lock(mutex_);
  for (const auto& child : manifest.children) {
    remove_from(untagged_, child.digest);
  }
  remove_from(untagged_, manifest.entry.digest);
  if (manifest.subject) {
    auto& list = referrers_[*manifest.subject];
    remove_from(list, manifest.entry.digest);
    list.push_back(manifest.entry);
    list.back().annotations = std::move(manifest.annotations);
  }
  if (tag) {
    tags_.insert_or_assign(*tag, std::move(manifest.entry));
  } else {
    untagged_.push_back(std::move(manifest.entry));
  }
}

bool PendingEntries::remove_tag(const std::string& tag) {
  const std::lock_guard lock(mutex_);
  return tags_.erase(tag) > 0;
}

bool PendingEntries::remove_manifest(const oci::Digest& digest) {
  const std::lock_guard lock(mutex_);
  bool is_removed = remove_from(untagged_, digest);
  is_removed |=
      std::erase_if(tags_, [&](const auto& tag) { return tag.second.digest == digest; }) > 0;
  for (auto& [subject, list] : referrers_) {
    remove_from(list, digest);
  }
  return is_removed;
}

void PendingEntries::clear() {
  const std::lock_guard lock(mutex_);
  tags_.clear();
  untagged_.clear();
  referrers_.clear();
}

bool PendingEntries::empty() const {
  const std::lock_guard lock(mutex_);
  return tags_.empty() && untagged_.empty();
}

std::optional<oci::Digest> PendingEntries::find_tag(const std::string& tag) const {
  const std::lock_guard lock(mutex_);
  const auto found = tags_.find(tag);
  return found == tags_.end() ? std::nullopt : std::optional(found->second.digest);
}

std::vector<oci::Descriptor> PendingEntries::referrers(const oci::Digest& subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = referrers_.find(subject);
  return found == referrers_.end() ? std::vector<oci::Descriptor>() : found->second;
}

void PendingEntries::write_to(LayoutIndexEditor& editor) const {
  const std::lock_guard lock(mutex_);
  editor.set_tags(tags_);
  editor.add(untagged_);
}

std::vector<oci::NamedManifest> PendingEntries::merged_with(const LayoutIndex& index,
                                                            const std::string& what) const {
  auto listed = Json::array();
  for (const auto& entry : index.entries()) {
    listed.push_back(entry.manifest.to_json());
  }
  LayoutIndexEditor editor(Json{{"manifests", std::move(listed)}}.dump(), what);
  write_to(editor);
  return LayoutIndex::parse(editor.print(), what).entries();
}

} // namespace regctl
