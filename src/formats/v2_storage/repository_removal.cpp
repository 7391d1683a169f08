// SPDX-License-Identifier: Apache-2.0
#include "formats/v2_storage/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/reference.hpp>

#include <array>

namespace regctl {

/// The folder is moved to where no listing of tags looks: so the tag is there with all its files,
/// or not at all.
void V2Repository::remove_tag_folder(const std::string& tag) {
  storage_->tree().remove_all(v2_paths::tag(name_, tag), v2_paths::uploads(name_),
                              v2_paths::link_in(v2_paths::current(name_, tag)));
}

void V2Repository::remove_tag(const std::string& tag) {
  storage_->lock_for_writing();
  if (!is_tag(tag) || !storage_->tree().has_folder(v2_paths::tag(name_, tag))) {
    throw Error(ErrorKind::not_found, "there is no tag " + describe() + ":" + tag);
  }
  remove_tag_folder(tag);
}

void V2Repository::remove_manifest(const oci::Digest& digest) {
  storage_->lock_for_writing();
  const auto revision = v2_paths::revision(name_, digest);
  const auto in_layers = v2_paths::layer(name_, digest);
  auto& tree = storage_->tree();
  const bool is_revision = tree.has_file(v2_paths::link_in(revision));
  std::optional<oci::Digest> subject;
  if (const auto bytes = manifest_bytes(digest)) {
    try {
      const auto manifest = oci::Manifest::parse(*bytes, {}, digest.to_string());
      subject = manifest.subject ? std::optional(manifest.subject->digest) : std::nullopt;
    } catch (const Error&) { // a damaged manifest can be removed too
    }
  } else if (!is_revision) {
    throw Error(ErrorKind::not_found,
                "there is no manifest " + digest.to_string() + " in " + describe());
  }
  for (const auto& tag : tag_names()) {
    if (storage_->look_at_link(v2_paths::current(name_, tag)).digest == digest) {
      remove_tag_folder(tag);
    }
  }
  if (subject) {
    unlist_referrer(digest, *subject);
  }
  const auto& folder = is_revision ? revision : in_layers; // the latter: of distribution 2.1.0
  tree.remove_all(folder, v2_paths::uploads(name_), v2_paths::link_in(folder));
}

void V2Repository::remove() {
  storage_->lock_for_writing();
  if (!storage_->has_repository(name_)) {
    throw Error(ErrorKind::not_found, "there is no repository " + describe());
  }
  auto& tree = storage_->tree();
  // distribution never lists what lies in a folder that begins with '_'.
  const auto aside = std::string(v2_paths::k_repositories) + "/" + std::string(v2_paths::k_uploads);
  for (const auto& folder :
       {v2_paths::manifests(name_), v2_paths::layers(name_), v2_paths::uploads(name_)}) {
    tree.remove_all(folder, aside, folder);
  }
  try {
    tree.remove_folder(aside);
  } catch (const Error&) { // another removal is under way
  }
  for (auto name = name_; !name.empty();) { // what has become empty; repositories below it keep it
    bool is_empty = true;
    tree.list_entries(v2_paths::repository(name), [&](const FolderEntry&) { is_empty = false; });
    if (!is_empty) {
      return;
    }
    try {
      tree.remove_folder(v2_paths::repository(name));
    } catch (const Error&) { // another writer has come to need it
      return;
    }
    name.resize(split_path(name).folder.size());
  }
}

} // namespace regctl
