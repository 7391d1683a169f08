// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/side.hpp"

#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// The repositories of a registry that speaks protocol v2. Their tags are listed by name; each
/// identity, a digest, costs a request. Tags of referrers are no tags of a side: they follow their
/// subjects.
std::unique_ptr<Side> make_oci_registry_side(Session& session, RegistryHost host);

/// The digest that is the identity of a tag at such a side. Throws Error{protocol} for other text.
oci::Digest digest_of_identity(const std::string& identity);

/// The digests of tags of the repository, found by `find` in parallel. A tag that cannot be read
/// has none, and a note says why. Throws Error{interrupted} and Error{denied}.
TagListing
identify_each(Session& session, const OciRepository& repository,
              const std::vector<std::string>& tags,
              const std::function<std::optional<oci::Digest>(const std::string& tag)>& find);

/// The repositories of distribution's storage tree.
std::unique_ptr<Side> make_v2_storage_side(Session& session, const Place& place,
                                           V2Storage::Missing missing);

/// An OCI layout or archive as one repository, whose name is its path. Its tags are the images by
/// their names there, or by their digests where they have none. Throws Error{usage} for an archive
/// from stdin, which can be read only once.
std::unique_ptr<Side> make_oci_images_side(Session& session, const Place& place);

} // namespace regctl::ops
