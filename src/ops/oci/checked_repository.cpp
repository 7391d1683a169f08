// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/checked_repository.hpp"

#include "ops/transfer/second_attempt.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>

#include <optional>
#include <utility>

namespace regctl::ops {

namespace {

std::string words_for_size(std::uint64_t found_bytes, std::uint64_t wanted_bytes) {
  return std::to_string(found_bytes) + " bytes instead of " + std::to_string(wanted_bytes);
}

} // namespace

CheckedRepository::Image CheckedRepository::check(const oci::Digest& root) {
  Image image;
  std::set<oci::Digest> seen;
  check_manifest({.media_type = {}, .digest = root}, 0, seen, image);
  return image;
}

void CheckedRepository::check_manifest(const oci::Descriptor& descriptor, std::size_t depth,
                                       std::set<oci::Digest>& seen, Image& image) {
  if (!seen.insert(descriptor.digest).second) {
    return;
  }
  if (depth > oci::k_max_index_depth) {
    image.findings.push_back(
        {Fault::json_damaged, where_, descriptor.digest.to_string(), "the indexes are too deep"});
    return;
  }
  const auto manifest = read_manifest(descriptor, depth, image);
  if (!manifest) {
    return;
  }
  for (const auto& blob : manifest->blobs()) {
    check_blob(blob, manifest->kind == oci::Manifest::Kind::schema1, image);
  }
  for (const auto& child : manifest->manifests) {
    if (is_blob(child)) {
      check_blob(child, false, image);
    } else {
      check_manifest(child, depth + 1, seen, image);
    }
  }
}

/// Returns nothing for a manifest that is absent or damaged, and adds that to the findings.
std::optional<oci::Manifest> CheckedRepository::read_manifest(const oci::Descriptor& descriptor,
                                                              std::size_t depth, Image& image) {
  const auto digest = descriptor.digest.to_string();
  try {
    auto document = repository_->read_manifest(descriptor.digest);
    count_manifest(descriptor.digest);
    if (!document) {
      image.findings.push_back({depth == 0 ? Fault::nowhere : Fault::manifest_missing, where_,
                                digest,
                                depth == 0 ? "its manifest is not there" : "an index names it"});
      return std::nullopt;
    }
    const std::uint64_t size_bytes = document->bytes.size();
    image.sizes[descriptor.digest] = size_bytes;
    if (depth > 0 && size_bytes != descriptor.size_bytes) {
      image.findings.push_back(
          {Fault::size_differs, where_, digest, words_for_size(size_bytes, descriptor.size_bytes)});
    }
    return to_node(*std::move(document), repository_->describe()).manifest;
  } catch (const Error& error) {
    image.findings.push_back(to_finding(error, Fault::json_damaged, digest));
    return std::nullopt;
  }
}

/// Whether an index names a blob, as BuildKit's caches do. Where there is none of that digest, the
/// child is taken for a manifest of a type that nobody knows.
bool CheckedRepository::is_blob(const oci::Descriptor& child) {
  if (!oci::may_be_blob(child)) {
    return false;
  }
  const auto found = look_at(child);
  return found.size_bytes || found.fault;
}

void CheckedRepository::check_blob(const oci::Descriptor& blob, bool has_no_size, Image& image) {
  const auto digest = blob.digest.to_string();
  const auto found = look_at(blob);
  if (found.size_bytes) {
    image.sizes[blob.digest] = *found.size_bytes;
    if (!has_no_size && *found.size_bytes != blob.size_bytes) {
      image.findings.push_back({Fault::size_differs, where_, digest,
                                words_for_size(*found.size_bytes, blob.size_bytes)});
    }
  }
  const bool may_be_elsewhere = oci::is_foreign_layer(blob.media_type) && !blob.urls.empty();
  if (found.fault) {
    image.findings.push_back(*found.fault);
  } else if (!found.size_bytes && !may_be_elsewhere) {
    image.findings.push_back({Fault::layer_missing, where_, digest, "the blob is not there"});
  }
}

CheckedRepository::Blob CheckedRepository::look_at(const oci::Descriptor& blob) {
  const auto digest = blob.digest.to_string();
  const std::lock_guard looking(looking_.of(digest));
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = blobs_.find(digest); known != blobs_.end()) {
      return known->second;
    }
  }
  Blob found;
  try {
    found.size_bytes = repository_->find_blob(blob.digest);
    if (found.size_bytes && is_deep_) {
      run_twice_if_damaged([&](ReadAttempt) { read(blob, *found.size_bytes); },
                           [] { return true; });
    }
  } catch (const Error& error) {
    found.fault = to_finding(error, Fault::checksum_wrong, digest);
  }
  const std::lock_guard lock(mutex_);
  return blobs_.emplace(digest, std::move(found)).first->second;
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
Finding CheckedRepository::to_finding(const Error& error, Fault if_broken,
                                      const std::string& digest) {
  if (error.kind() == ErrorKind::interrupted) {
    throw error;
  }
  const auto problem = std::make_exception_ptr(error);
  const auto fault = fault_of(problem, if_broken);
  if (fault == Fault::not_looked_at) {
    const std::lock_guard lock(mutex_);
    counts_.problems.push_back(problem);
  }
  return {fault, where_, digest, error.message()};
}

} // namespace regctl::ops
