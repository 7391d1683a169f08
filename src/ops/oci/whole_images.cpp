// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/whole_images.hpp"

#include "ops/oci/manifest_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

/// False if an error says that what was looked at is not whole; other errors go on.
template <class Body> bool holds(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (!is_damage(error.kind())) {
      throw;
    }
    return false;
  }
}

bool is_there(OciRepository& repository, const oci::Descriptor& blob, LookAt look_at) {
  const auto size = repository.find_blob(blob.digest);
  const bool is_of_size = size && (blob.size_bytes == 0 || *size == blob.size_bytes);
  if (!is_of_size || look_at == LookAt::sizes) {
    return is_of_size;
  }
  auto known = blob;
  known.size_bytes = *size; // schema 1 tells none
  known.data.reset();
  drain(*repository.open_blob(known));
  return true;
}

} // namespace

bool WholeImages::is_whole(OciRepository& repository, const std::string& name,
                           const oci::Digest& image) {
  return holds([&] {
    auto document = repository.read_manifest(image);
    if (!document) {
      return false;
    }
    const auto tree =
        read_manifest_tree(repository, to_node(*std::move(document), repository.describe()));
    const auto has_it = [&](const oci::Descriptor& blob) { return has(repository, name, blob); };
    return std::all_of(tree.other_blobs.begin(), tree.other_blobs.end(), has_it) &&
           std::all_of(tree.manifests.begin(), tree.manifests.end(), [&](const auto& node) {
             const auto blobs = node.manifest.blobs();
             return std::all_of(blobs.begin(), blobs.end(), has_it);
           });
  });
}

bool WholeImages::has(OciRepository& repository, const std::string& name,
                      const oci::Descriptor& blob) {
  if (oci::may_be_elsewhere(blob)) {
    return true;
  }
  const auto key = name + "@" + blob.digest.to_string();
  const std::lock_guard looking(looking_.of(key));
  {
    const std::lock_guard lock(mutex_);
    if (whole_.find(key) != nullptr) {
      return true;
    }
  }
  if (!holds([&] { return is_there(repository, blob, look_at_); })) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  whole_.try_emplace(key, true);
  return true;
}

} // namespace regctl::ops
