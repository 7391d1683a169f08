// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/config.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace regctl::ops {

/// One image of a chain: the store's record (V1Image) and the contents of its JSON.
struct ChainImage {
  V1Image image;
  V1ImageInfo info;
};

struct ImageDetails {
  std::string place;             ///< "docker://host:5000/team/app:1.0"
  std::string id;                ///< of the top image
  std::vector<std::string> tags; ///< all tags of the repository that name this ID, by name
  std::vector<ChainImage> chain; ///< child first, as `docker history` shows it
};

/// One image of an index.
struct OciPlatformDetails {
  oci::Descriptor descriptor;
  std::optional<oci::Platform> platform;
  std::uint64_t size_bytes = 0;   ///< of its config and layers
  std::uint64_t shared_bytes = 0; ///< of those that other images of the index have too
};

/// A manifest of any kind with what it names.
struct OciDetails {
  std::string place; ///< "docker://host:5000/team/app:1.0"
  oci::Document document;
  oci::Manifest manifest;
  std::vector<OciPlatformDetails> platforms; ///< of an index, in its order, without attestations
  std::string config_bytes;                  ///< of an image; empty for everything else
  std::optional<oci::Config> config;         ///< the same, read
};

using Inspected = std::variant<ImageDetails, OciDetails>;

struct InspectOptions {
  std::vector<oci::Platform> platforms = {}; ///< of an OCI index: this image; empty: the index
};

/// Reads an image's chain without its layers; the requests for JSONs run in parallel. A place
/// without a tag means "latest"; an archive with one image needs no name. Throws Error{not_found}
/// for a missing tag (naming tag and repository, with the nearest tag as a hint) or a missing image
/// of the chain, Error{integrity} for a tag that the server cannot read.
///
/// Of an OCI image reads manifest and config, of an index the manifests of its images too.
Inspected inspect(Session& session, const Place& place, const InspectOptions& options = {});

struct ListedTag {
  std::string tag;
  std::optional<std::string> id; ///< of the v1 image, or the digest
  bool is_broken = false;        ///< listed, but the store cannot read it
};

/// Whether identities are wanted that cost a request each.
enum class Identities { as_listed, all };

/// The tags of a repository, all tags of a storage tree as "NAME:TAG", or the full names in an
/// archive; sorted by bytes. A tag in `place` is ignored. Tags of a v2 registry have identities
/// only on request; those of referrers are left out. Throws Error{not_found}.
std::vector<ListedTag> list_tags(Session& session, const Place& place, Identities identities);

/// The digest of an OCI image, by one look-up: of the index, or with `options.platforms` of the
/// image in it. Throws Error{not_found}; Error{unsupported} for v1 images.
oci::Digest find_digest(Session& session, const Place& place, const InspectOptions& options);

} // namespace regctl::ops
