// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/repository.hpp>

#include <string>
#include <vector>

namespace regctl {

namespace oci {

/// A manifest that a layout or an archive lists, with its names.
struct NamedManifest {
  Descriptor manifest;   ///< as listed; its platform and media type may be unknown
  std::string tag;       ///< what list_tags() calls it; empty if it has no name
  std::string ref_name;  ///< org.opencontainers.image.ref.name: often a bare tag; may be empty
  std::string full_name; ///< io.containerd.image.name: "host/name:tag"; may be empty
};

/// The tags of such manifests, sorted, each once.
std::vector<std::string> tags_of(const std::vector<NamedManifest>& entries);

} // namespace oci

/// The images in an OCI layout or in an archive: a repository that may also list manifests without
/// a name. Its tags are names of any form, as they were written ("1.0", "host/name:1.0"). A
/// manifest is found by its tag, and by each of its names as long as no other manifest has that
/// name too: then Error{usage} lists the digests.
class OciImages : public OciRepository {
public:
  /// All manifests that are listed, in the order of the list; one manifest may come several times,
  /// under different names. For callers that were given no name: the only entry is meant, or the
  /// user has to choose.
  virtual std::vector<oci::NamedManifest> entries() = 0;
};

} // namespace regctl
