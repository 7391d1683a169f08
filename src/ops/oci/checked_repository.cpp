// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/checked_repository.hpp"

#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace regctl::ops {

CheckedRepository::Image CheckedRepository::check(const oci::Digest& root) {
  Image image;
  std::set<oci::Digest> seen;
  check_manifest({.media_type = {}, .digest = root}, 0, seen, image);
  return image;
}

void CheckedRepository::check_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                                       std::set<oci::Digest>& seen, Image& image) {
  auto& findings = image.findings;
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
      image.sizes[descriptor.digest] = document->bytes.size();
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
    const auto found = look_at(blob, manifest->kind == oci::Manifest::Kind::schema1);
    findings.insert(findings.end(), found.findings.begin(), found.findings.end());
    if (found.size_bytes) {
      image.sizes[blob.digest] = *found.size_bytes;
    }
  }
  for (const auto& child : manifest->manifests) {
    check_manifest(child, depth + 1, seen, image);
  }
}

CheckedRepository::Blob CheckedRepository::look_at(const oci::Descriptor& blob, bool has_no_size) {
  const auto digest = blob.digest.to_string();
  const std::lock_guard looking(looking_.at(std::hash<std::string>()(digest) % looking_.size()));
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = blobs_.find(digest); known != blobs_.end()) {
      return known->second;
    }
  }
  Blob looked_at;
  auto& [findings, size] = looked_at;
  try {
    size = repository_->find_blob(blob.digest);
    const bool may_be_elsewhere = oci::is_foreign_layer(blob.media_type) && !blob.urls.empty();
    if (!size && !may_be_elsewhere) {
      findings.push_back({Fault::layer_missing, where_, digest, "the blob is not there"});
    } else if (size && !has_no_size && *size != blob.size_bytes) {
      findings.push_back(
          {Fault::size_differs, where_, digest,
           std::to_string(*size) + " bytes instead of " + std::to_string(blob.size_bytes)});
    } else if (size && is_deep_) {
      read_twice_if_damaged(blob, *size);
    }
  } catch (const Error& error) {
    find(error, Fault::checksum_wrong, digest, findings);
  }
  const std::lock_guard lock(mutex_);
  return blobs_.emplace(digest, std::move(looked_at)).first->second;
}

/// The bytes may have changed on their way.
void CheckedRepository::read_twice_if_damaged(const oci::Descriptor& blob,
                                              std::uint64_t size_bytes) {
  try {
    read(blob, size_bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
    read(blob, size_bytes);
  }
}

void CheckedRepository::read(const oci::Descriptor& blob, std::uint64_t size_bytes) {
  auto sized = blob;
  sized.size_bytes = size_bytes;
  const auto source = repository_->open_blob(sized);
  const auto bytes = drain(*source);
  const std::lock_guard lock(mutex_);
  ++counts_.blobs_read;
  add_size(counts_.bytes_read, bytes);
}

void CheckedRepository::count_manifest(const oci::Digest& digest) {
  const std::lock_guard lock(mutex_);
  counts_.manifests += manifests_.insert(digest).second ? 1 : 0;
}

/// Damage, or a store that did not answer.
void CheckedRepository::find(const Error& error, Fault if_broken, const std::string& digest,
                             Findings& findings) {
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

} // namespace regctl::ops
