// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/oci/blob_places.hpp"
#include "ops/passage/learnt_facts.hpp"

#include <regctl/model/oci/digest.hpp>

#include <string>
#include <string_view>

namespace regctl::ops {

/// A place of a blob as LearntFacts keeps it: a repository of the destination that had it. Unlike
/// other facts it may be true no more: then the registry mounts nothing, and the blob is sent.
struct PlaceFact {
  /// The identity under which the fact is kept: the digest and "@".
  static std::string identity_of(const oci::Digest& digest);
  static bool is_identity(std::string_view identity);

  /// Whether the text is the name of a repository.
  static bool is_text(std::string_view text);
};

/// Has the places of a destination remembered in the facts as long as this object exists. Both must
/// outlive it.
class RememberedPlaces {
public:
  RememberedPlaces(BlobPlaces& places, LearntFacts& facts);
  ~RememberedPlaces();
  RememberedPlaces(const RememberedPlaces&) = delete; ///< ends the remembering once
  RememberedPlaces& operator=(const RememberedPlaces&) = delete;

private:
  BlobPlaces& places_;
};

} // namespace regctl::ops
