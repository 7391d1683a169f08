// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <string>
#include <vector>

namespace regctl {

/// The names of an image in an archive: full names as spelled there, and bare tags.
struct ArchivedNames {
  std::vector<std::string> names;
  std::vector<std::string> tags;
};

/// An image of an OCI layout; config and layers are names of entries, base first.
struct OciImage {
  std::string config;
  std::vector<std::string> layers;
  ArchivedNames names;
};

struct OciContents {
  std::vector<OciImage> images;
  std::vector<std::string> notes; ///< parts that were skipped, with reasons
};

/// Reads index.json and the documents that it refers to. Names come from the annotations
/// io.containerd.image.name (containerd, Docker) and org.opencontainers.image.ref.name (podman,
/// skopeo, crane), which hold a full name or a bare tag; those of the nearest descriptor count. Of
/// an image for several platforms linux/amd64 is taken, else the only one that is in the archive:
/// protocol v1 has no platforms. Throws Error{protocol} naming the wrong entry, and for several
/// platforms without linux/amd64.
OciContents read_oci_layout(const ArchiveIndex& index);

/// "sha256:HEX" as "blobs/sha256/HEX". Throws Error{protocol} for anything but a sha256 digest.
std::string blob_name(const std::string& digest);

} // namespace regctl
