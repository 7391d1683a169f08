// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

namespace regctl::ops {

/// Tag → identity: a v1 image's ID, a manifest's digest. Nothing for a tag that the store lists but
/// cannot read. Code that compares listings knows nothing else of identities.
using TagListing = std::map<std::string, std::optional<std::string>>;

} // namespace regctl::ops
