// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/session.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// The manifest that a place names, byte by byte: the index, or with `options.platforms` the image
/// in it. Throws Error{not_found}; Error{unsupported} for places of v1 images.
oci::Document get_manifest(Session& session, const Place& place, const InspectOptions& options);

/// Stores a manifest byte by byte under the place's tag or digest; "latest" if it names none. An
/// empty `media_type` is found out from the manifest. Its blobs and manifests must be there.
/// Throws Error{usage} if the bytes have another digest than the place names.
oci::Digest put_manifest(Session& session, const Place& place, std::string bytes,
                         const std::string& media_type);

/// A manifest that refers to another one.
struct Referrer {
  oci::Descriptor descriptor;
  std::string artifact_type; ///< of the list, or of the manifest if the list does not tell it
  std::vector<Referrer> referrers;
};

struct Referrers {
  oci::Digest subject;
  std::vector<Referrer> referrers;
};

/// What refers to the image of a place, and what refers to that, in the order of the store: from
/// the referrers API or the tag `sha256-HEX`, and cosign's tags. With an `artifact_type`, only
/// those.
Referrers list_referrers(Session& session, const Place& place, const InspectOptions& options,
                         const std::string& artifact_type);

} // namespace regctl::ops
