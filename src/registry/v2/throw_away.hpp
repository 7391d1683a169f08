// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/digest.hpp>

#include <string>

namespace regctl::registry::v2 {

/// Puts a manifest that is like no other one under a tag, so that its digest is this tag's alone,
/// and returns the digest. Its config is the empty blob of artifacts.
oci::Digest put_throw_away(AuthorizedSession& session, const std::string& tag);

} // namespace regctl::registry::v2
