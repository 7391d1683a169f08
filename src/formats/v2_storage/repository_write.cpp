// SPDX-License-Identifier: Apache-2.0
#include "formats/layer_in_tree.hpp"
#include "formats/v2_storage/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/reference.hpp>

namespace regctl {

namespace {

/// Reading it to its end verifies what need not be hashed for storing it.
std::unique_ptr<Source> open_upload(const oci::BlobUpload& upload, const std::string& what) {
  ExpectedBytes expected{.size_bytes = upload.size_bytes};
  if (upload.digest && upload.digest->algorithm() == oci::DigestAlgorithm::sha512) {
    expected.sha512_hex = std::string(upload.digest->hex());
  }
  return regctl::make_verified_source(upload.open(), std::move(expected), what);
}

} // namespace

/// Takes over the file in which the bytes lie; nothing if they have to be written.
std::optional<oci::PutBlob> V2Repository::adopt_blob(const oci::BlobUpload& upload,
                                                     std::unique_ptr<Source>& source) {
  const auto file_at_rest = [&]() -> std::shared_ptr<const StoredFile> {
    const auto layer =
        std::dynamic_pointer_cast<const LayerInTree>(upload.at_rest ? upload.at_rest() : nullptr);
    return layer ? layer->file() : nullptr;
  };
  const auto file = file_at_rest();
  if (!file || upload.digest) { // a caller that names the digest sends the bytes once anyway
    return std::nullopt;
  }
  auto [is_possible, obstacle] = storage_->tree().can_adopt(*file);
  std::optional<oci::PutBlob> adopted;
  if (is_possible) {
    adopted = storage_->adopt_stream(
        *source, *file, [&] { return file_at_rest() == file; }, v2_paths::uploads(name_), obstacle);
    source = nullptr; // it was read
  }
  if (!adopted && !obstacle.empty() && upload.on_obstacle) {
    upload.on_obstacle(obstacle);
  }
  return adopted;
}

oci::PutBlob V2Repository::put_blob(const oci::BlobUpload& upload) {
  const auto what = "the blob " + (upload.digest ? upload.digest->to_string() : "to store");
  auto source = open_upload(upload, what);
  auto adopted = adopt_blob(upload, source);
  if (!adopted && !source) {
    source = open_upload(upload, what);
  }
  auto stored = adopted ? std::move(*adopted)
                        : storage_->put_stream(*source, upload.digest, v2_paths::uploads(name_));
  storage_->put_link(v2_paths::layer(name_, stored.digest), stored.digest);
  if (upload.digest && upload.digest != stored.digest) { // another name of the same bytes
    storage_->put_link(v2_paths::layer(name_, *upload.digest), stored.digest);
    stored.digest = *upload.digest;
  }
  return stored;
}

bool V2Repository::mount_blob(const oci::Descriptor& blob, const std::string& from) {
  if (!v2_paths::is_legal_repository(from)) {
    return false;
  }
  const V2Repository source(storage_, from);
  const auto file = source.find_linked_blob(blob.digest);
  if (!file || (blob.size_bytes > 0 && file->size_bytes() != blob.size_bytes)) {
    return false;
  }
  const auto target = storage_->read_link(v2_paths::layer(from, blob.digest));
  if (!target) { // removed a moment ago
    return false;
  }
  storage_->put_link(v2_paths::layer(name_, *target), *target);
  if (*target != blob.digest) {
    storage_->put_link(v2_paths::layer(name_, blob.digest), *target);
  }
  return true;
}

/// Throws if the repository does not have the blob, or only a part of it.
void V2Repository::check_blob(const oci::Descriptor& blob, const std::string& what) const {
  if (oci::may_be_elsewhere(blob)) {
    return; // need not be here
  }
  const auto file = find_linked_blob(blob.digest);
  if (!file) {
    throw Error(ErrorKind::not_found,
                "blob " + blob.digest.to_string() + " of " + what + " is not in " + describe(),
                "put it there first");
  }
  const bool is_of_known_size = blob.size_bytes > 0; // schema 1 tells none
  if (is_of_known_size && file->size_bytes() != blob.size_bytes) {
    throw Error(ErrorKind::integrity,
                "blob " + blob.digest.to_string() + " in " + describe() + " has " +
                    std::to_string(file->size_bytes()) + " bytes, and " + what + " says " +
                    std::to_string(blob.size_bytes),
                "regctl audit --deep v2-storage:" + storage_->location() + " tells which is wrong");
  }
}

void V2Repository::check_parts(const oci::Manifest& manifest, const std::string& what) const {
  for (const auto& blob : manifest.blobs()) {
    check_blob(blob, what);
  }
  for (const auto& child : manifest.manifests) {
    const bool is_revision =
        storage_->look_at_link(v2_paths::revision(name_, child.digest)).digest == child.digest;
    if (!is_revision || !storage_->find_blob(child.digest)) {
      throw Error(ErrorKind::not_found,
                  "manifest " + child.digest.to_string() + " of " + what + " is not in " +
                      describe(),
                  "put it there first");
    }
  }
}

void V2Repository::put_manifest(const oci::Document& document,
                                const std::optional<std::string>& tag) {
  const auto what = "manifest " + document.digest.to_string();
  if (document.digest.algorithm() != oci::DigestAlgorithm::sha256) {
    throw Error(ErrorKind::unsupported,
                what + " cannot be stored in " + describe() +
                    ": registries on this storage name manifests by sha256 alone");
  }
  if (tag && !is_tag(*tag)) {
    throw Error(ErrorKind::usage, "'" + excerpt(*tag) + "' is no tag");
  }
  storage_->lock_for_writing(); // so that no garbage collection removes what is checked
  const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, what);
  check_parts(manifest, what);
  store_manifest(document, tag);
  if (manifest.subject) {
    list_referrer(document, manifest);
  }
}

/// The manifest, its revision, the tag's index and the tag: in this order, so that whoever sees one
/// finds those before it.
void V2Repository::store_manifest(const oci::Document& document,
                                  const std::optional<std::string>& tag) {
  const auto payload = oci::payload_of(document.bytes, document.media_type,
                                       "manifest " + document.digest.to_string());
  const auto found = oci::Digest::of(payload);
  if (found != document.digest) {
    throw Error(ErrorKind::integrity, "a manifest has digest " + found.to_string() +
                                          " instead of " + document.digest.to_string());
  }
  storage_->put_bytes(payload, v2_paths::uploads(name_));
  storage_->put_link(v2_paths::revision(name_, found), found);
  if (tag) {
    point_tag(*tag, found);
  }
}

/// A new tag appears with both links at once, or, in a bucket, with the one that counts.
void V2Repository::point_tag(const std::string& tag, const oci::Digest& digest) {
  const auto entry = "index/sha256/" + std::string(digest.hex()) + "/" + v2_paths::k_link;
  const FileGroup links{{{v2_paths::k_current + "/" + v2_paths::k_link, digest.to_string()},
                         {entry, digest.to_string()}}};
  auto& tree = storage_->tree();
  if (!tree.has_folder(v2_paths::tag(name_, tag)) &&
      tree.put_folder(v2_paths::tag(name_, tag), links, v2_paths::uploads(name_))) {
    return;
  }
  storage_->put_link(v2_paths::tag_index(name_, tag, digest), digest);
  storage_->put_link(v2_paths::current(name_, tag), digest);
}

} // namespace regctl
