// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/manifest.hpp>

#include <set>
#include <string>
#include <vector>

namespace regctl {

/// One step of a v1 chain whose layers are blobs.
struct Schema1Step {
  std::string id;
  std::string json;  ///< the v1 JSON as the manifest has it
  oci::Digest layer; ///< as the manifest names it
  /// The manifest says that the layer has no files: it is not to be fetched. Any other layer may
  /// turn out to have none.
  bool is_empty = false;
};

/// The v1 image in a manifest of Docker's schema 1.
struct Schema1Chain {
  std::vector<Schema1Step> steps; ///< base first, never empty
  /// The remarks on the manifest, in words that reports show: "unsigned", "twice-in-a-row",
  /// "throwaway-not-fetched".
  std::set<std::string> notes;
};

/// Reads the chain of a manifest of schema 1, signed or not; make_document() has compared what is
/// signed with what is sent. The signature itself proves nothing: its key stands beside it. Of
/// steps with one ID in a row the first counts: Docker 1.6 wrote the topmost twice. Throws
/// Error{protocol} for numbers of layers and steps that differ, for a step whose JSON is none or
/// has no ID, and for parents that do not lead from each step to the next. Source: Docker's image
/// manifest v2 schema 1; containers/image, fixManifestLayers.
Schema1Chain read_schema1_chain(const oci::Document& manifest, const std::string& what);

} // namespace regctl
