// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/repository.hpp"

#include "registry/v2/blobs.hpp"
#include "registry/v2/manifests.hpp"
#include "registry/v2/referrers.hpp"
#include "registry/v2/removal.hpp"
#include "registry/v2/upload.hpp"

#include <utility>

namespace regctl::registry::v2 {

RemoteRepository::RemoteRepository(std::shared_ptr<AuthorizedSession> session)
    : session_(std::move(session)) {}

std::string RemoteRepository::describe() const {
  return session_->describe();
}

void RemoteRepository::remove_tag(const std::string& tag) {
  v2::remove_tag(*session_, tag);
}

void RemoteRepository::remove() {
  remove_all_tags(*session_);
}

void RemoteRepository::list_tags(const OnTags& on_tags) {
  v2::list_tags(*session_, on_tags);
}

std::optional<oci::Descriptor> RemoteRepository::find_manifest(const oci::ManifestName& name) {
  return v2::find_manifest(*session_, name);
}

std::optional<oci::Document> RemoteRepository::read_manifest(const oci::ManifestName& name) {
  return v2::read_manifest(*session_, name);
}

std::optional<std::uint64_t> RemoteRepository::find_blob(const oci::Digest& digest) {
  return v2::find_blob(*session_, digest);
}

std::unique_ptr<Source> RemoteRepository::open_blob(const oci::Descriptor& blob) {
  return v2::open_blob(session_, blob);
}

oci::PutBlob RemoteRepository::put_blob(const oci::BlobUpload& upload) {
  return v2::put_blob(*session_, upload);
}

bool RemoteRepository::mount_blob(const oci::Descriptor& blob, const std::string& from) {
  return v2::mount_blob(*session_, blob, from);
}

void RemoteRepository::put_manifest(const oci::Document& document,
                                    const std::optional<std::string>& tag) {
  v2::put_manifest(*session_, document,
                   tag ? oci::ManifestName::tag(*tag) : oci::ManifestName(document.digest));
  const auto manifest = oci::Manifest::parse(document.bytes, document.media_type,
                                             "the manifest " + document.digest.to_string());
  if (manifest.subject) {
    keep_referrer(*session_, document, manifest);
  }
}

void RemoteRepository::remove_manifest(const oci::Digest& digest) {
  v2::remove_manifest(*session_, digest);
}

std::vector<oci::Descriptor> RemoteRepository::referrers(const oci::Digest& digest,
                                                         oci::ReferrersTag tag) {
  return list_referrers(*session_, digest, tag);
}

void RemoteRepository::finish() {}

} // namespace regctl::registry::v2
