// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"

#include <string>
#include <vector>

namespace regctl {

/// How an archive names an image: whole names as they are spelled there, and tags that stand alone.
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
  std::vector<std::string> notes; ///< what was passed over, and why
};

/// Reads index.json and what it leads to. Names are those of the annotations
/// io.containerd.image.name (containerd, Docker) and org.opencontainers.image.ref.name (podman,
/// skopeo, crane), where a whole name or a tag alone stands; of the nearest descriptor that has
/// one. Of an image for several platforms the one for linux/amd64 is taken, else the only one that
/// is in the archive: protocol v1 knows no platforms. Throws Error{protocol} naming the entry that
/// is wrong, and for several platforms of which none is linux/amd64.
OciContents read_oci_layout(const ArchiveIndex& index);

/// "sha256:HEX" as "blobs/sha256/HEX". Throws Error{protocol} for what is no such digest.
std::string blob_name(const std::string& digest);

} // namespace regctl
