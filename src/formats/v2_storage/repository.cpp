// SPDX-License-Identifier: Apache-2.0
#include "formats/v2_storage/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl {

namespace {

constexpr std::size_t k_tags_a_page = 1000;

std::string repair_hint(const V2Storage& storage) {
  return "regctl repair v2-storage:" + storage.location() + " mends what can be mended";
}

} // namespace

std::string V2Repository::describe() const {
  return "v2-storage:" + storage_->location() + ":" + name_;
}

/// In the order of their bytes. Throws Error{not_found} if there is no such repository.
std::vector<std::string> V2Repository::tag_names() const {
  std::vector<std::string> names;
  const bool has_tags =
      storage_->tree().list_entries(v2_paths::tags(name_), [&](const FolderEntry& entry) {
        if (entry.is_folder && is_tag(entry.name)) {
          names.push_back(entry.name);
        }
      });
  if (!has_tags && !storage_->has_repository(name_)) {
    throw Error(ErrorKind::not_found, "there is no repository " + describe());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void V2Repository::list_tags(const OnTags& on_tags) {
  const auto names = tag_names();
  for (std::size_t begin = 0; begin < names.size(); begin += k_tags_a_page) {
    const auto end = std::min(begin + k_tags_a_page, names.size());
    on_tags({names.begin() + static_cast<std::ptrdiff_t>(begin),
             names.begin() + static_cast<std::ptrdiff_t>(end)});
  }
}

/// The digest that a tag names; nothing if there is no such tag.
std::optional<oci::Digest> V2Repository::find_tag(const std::string& tag) const {
  return is_tag(tag) ? storage_->read_link(v2_paths::current(name_, tag)) : std::nullopt;
}

/// The bytes of a revision, not verified; nothing if there is no such revision. distribution 2.1.0
/// linked manifests among the layers, and versions up to 2.8 look there too.
std::optional<std::string> V2Repository::manifest_bytes(const oci::Digest& digest) const {
  auto target = storage_->read_link(v2_paths::revision(name_, digest));
  const bool is_revision = target.has_value();
  if (!is_revision) {
    target = storage_->read_link(v2_paths::layer(name_, digest));
  }
  if (!target) {
    return std::nullopt;
  }
  if (*target != digest) {
    throw Error(ErrorKind::integrity,
                "the link to " + digest.to_string() + " in " + describe() + " names " +
                    target->to_string(),
                repair_hint(*storage_));
  }
  const auto file = storage_->find_blob(digest);
  if (!file || (!is_revision && file->size_bytes() > oci::k_manifest_limit_bytes)) {
    return std::nullopt;
  }
  auto bytes = read_text(*file->open(digest.to_string()), oci::k_manifest_limit_bytes,
                         "manifest " + digest.to_string() + " in " + describe());
  if (!is_revision) { // a layer is no manifest, though somebody may ask for it by mistake
    try {
      oci::Manifest::parse(bytes, {}, digest.to_string());
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  return bytes;
}

std::optional<oci::Document> V2Repository::read_manifest(const oci::ManifestName& name) {
  const auto digest = name.digest() ? name.digest() : find_tag(name.to_string());
  auto bytes = digest ? manifest_bytes(*digest) : std::nullopt;
  if (!bytes) {
    return std::nullopt;
  }
  const auto what = "manifest " + digest->to_string() + " in " + describe();
  const auto found = oci::Digest::of(*bytes, digest->algorithm());
  // Before it is parsed: a manifest that was cut is damaged, and not in a wrong format.
  if (found != *digest) {
    throw Error(ErrorKind::integrity, what + " is damaged: its digest is " + found.to_string(),
                repair_hint(*storage_));
  }
  return oci::make_document(*std::move(bytes), {}, digest, what);
}

std::optional<oci::Descriptor> V2Repository::find_manifest(const oci::ManifestName& name) {
  const auto document = read_manifest(name);
  return document ? std::optional(document->descriptor()) : std::nullopt;
}

/// The bytes of a blob that the repository links to; null if it does not, or if there are none. A
/// link that names another blob counts as none, so that storing the blob mends it.
std::unique_ptr<StoredFile> V2Repository::find_linked_blob(const oci::Digest& digest) const {
  const auto link = storage_->look_at_link(v2_paths::layer(name_, digest));
  const bool is_alias = digest.algorithm() != oci::DigestAlgorithm::sha256;
  return link.digest && (is_alias || link.digest == digest) ? storage_->find_blob(*link.digest)
                                                            : nullptr;
}

std::optional<std::uint64_t> V2Repository::find_blob(const oci::Digest& digest) {
  const auto file = find_linked_blob(digest);
  return file ? std::optional(file->size_bytes()) : std::nullopt;
}

std::unique_ptr<Source> V2Repository::open_blob(const oci::Descriptor& blob) {
  auto what = "blob " + blob.digest.to_string() + " in " + describe();
  const bool is_of_known_size = blob.size_bytes > 0 || blob.digest == oci::Digest::of("");
  const auto verified = [&](std::unique_ptr<Source> source) {
    return oci::make_verified_source(std::move(source), blob.digest,
                                     is_of_known_size ? std::optional(blob.size_bytes)
                                                      : std::nullopt, // schema 1 tells none
                                     what);
  };
  // Throws for a link that is damaged, which find_linked_blob() does not.
  const auto target = storage_->read_link(v2_paths::layer(name_, blob.digest));
  if (const auto file = target ? find_linked_blob(blob.digest) : nullptr) {
    return verified(file->open(what));
  }
  if (blob.data) {
    return verified(make_text_source(*blob.data));
  }
  throw Error(ErrorKind::not_found, "there is no " + what,
              target ? repair_hint(*storage_)
                     : (blob.urls.empty() ? "" : "it may be had at " + blob.urls.front()));
}

} // namespace regctl
