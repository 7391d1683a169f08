// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_mover.hpp"
#include "ops/oci/followers.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/transfer/transfer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace regctl::ops {

struct OciCopy {
  std::vector<oci::Platform> platforms = {}; ///< of an index; empty: all of it
  bool referrers = true;                     ///< signatures, SBOMs and the like go along,
  FollowerTags tags = {};                    ///< and these tags tell where they are
  /// A manifest that is at the destination is no proof that its blobs are.
  bool looks_at_blobs = false;
};

/// One image between two OCI repositories, byte by byte: `root`, a manifest of the source that was
/// read and narrowed, becomes `tag` at the destination (empty: only its digest). Its items are the
/// blobs that the destination may lack; their keys are the digests, since a blob that is in one
/// repository of a destination is mounted into the others. Of an image whose manifest is there
/// already nothing is an item. finish() puts the manifests, children first, then what refers to
/// them, and the tag last. What is attached to a manifest gets its own tag before that. `route` and
/// `how` must outlive the transfer.
std::unique_ptr<Transfer> make_oci_transfer(const OciRoute& route, const OciCopy& how,
                                            ManifestNode root, const std::string& tag);

} // namespace regctl::ops
