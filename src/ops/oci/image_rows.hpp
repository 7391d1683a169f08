// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/places/oci_open.hpp"

#include <regctl/ops/images.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// A row for each tag of a repository, sorted by tag: the digest, the size of config and layers (of
/// an index of all images in it that the index tells nothing about: nothing), and when the image
/// was created. Reads each manifest and config once. A tag that cannot be read is a row with a
/// problem. Throws as OciRepository::list_tags().
std::vector<ImageRow> list_oci_rows(Session& session, OciRepository& repository,
                                    const std::string& name);

/// The same for what a place names: one tag, a repository, or all entries of a layout or archive.
std::vector<ImageRow> list_oci_rows(Session& session, const OciPlace& from);

} // namespace regctl::ops
