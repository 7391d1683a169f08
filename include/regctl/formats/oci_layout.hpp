// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/oci_images.hpp>

#include <memory>
#include <string>

namespace regctl {

/// What opening does about a layout that is not there: `create` makes it with the first write.
enum class MissingLayout { fail, create };

/// Opens the OCI layout in `folder`: `oci-layout`, `index.json`, `blobs/ALGORITHM/HEX`. Sources:
/// OCI image-spec 1.1, image-layout.md; skopeo 1.9, umoci 0.4 and containerd 1.6 as seen.
///
/// Reading. A tag is the annotation ref.name of an entry of index.json. containerd writes ref.name
/// alike for images of different repositories: then the full name is the tag. Blobs may be missing
/// (a sparse layout); the manifest of a tag may not: Error{not_found}. Links that lead out of the
/// folder, and files whose size differs from their descriptor's, are refused.
///
/// Writing. Blobs and manifests are in the layout, durable, as soon as they were put; finish()
/// shows the tags, and lists manifests that were put without a tag and that no index put here
/// names. index.json is replaced as a whole, under a lock (flock of the folder), so that several
/// threads and processes can write at once; entries of other names and unknown members are kept. A
/// tag replaces the entry of the same ref.name. A process that is killed leaves a valid layout, at
/// most with blobs that nothing names. The new tags are visible to this object before finish().
///
/// remove_tag() and remove_manifest() take entries out of index.json at once; no blob is removed
/// ('umoci gc' does that). Referrers are the manifests that index.json lists and whose subject is
/// the digest, and those in the index of the tag sha256-HEX.
///
/// Throws Error{not_found} for a folder that is missing or has no index.json; Error{unsupported}
/// for another version than 1; Error{usage} for a folder of other files that `create` would make a
/// layout of.
std::unique_ptr<OciImages> open_oci_layout(const std::string& folder, MissingLayout missing);

} // namespace regctl
