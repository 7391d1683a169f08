// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

// The list of referrers under the tag `sha256-HEX`, which clients keep where a store has no
// referrers API. Source: distribution-spec 1.1, "Referrers Tag Schema".

/// The descriptor by which a list of referrers names a manifest: with its artifact type and
/// annotations.
Descriptor referrer_descriptor(const Document& document, const Manifest& manifest);

/// The bytes of the index `index` with `referrer` at its end; an entry of the same digest stays as
/// it is. Empty bytes are an index without entries. The members of the index that are not its
/// entries, and the other entries, are kept. Throws Error{protocol} for bytes that are no index:
/// the tag then names something else, and must not be replaced.
std::string add_referrer(std::string_view index, const Descriptor& referrer);

/// The bytes of the index without the entries of `digest`; the same bytes if there are none. Throws
/// like add_referrer().
std::string remove_referrer(std::string_view index, const Digest& digest);

/// The entries of the index, each digest once. Throws like add_referrer().
std::vector<Descriptor> referrers_in(std::string_view index);

} // namespace regctl::oci
