// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/repository.hpp>

#include <string>
#include <vector>

namespace regctl::registry::v2 {

/// All tags of the repository, page by page. Throws Error{not_found}.
void list_tags(AuthorizedSession& session, const OciRepository::OnTags& on_tags);

/// OciRepository::remove_manifest. One that refers to another is taken out of the tag `sha256-HEX`
/// of its subject, where there is no referrers API.
void remove_manifest(AuthorizedSession& session, const oci::Digest& digest);

/// Removes a tag and nothing else. A registry that removes digests alone gets the tag's digest if
/// no other tag has it, by itself or below an index; else Options::shared_digest decides.
void remove_tag(AuthorizedSession& session, const std::string& tag);

/// Repository::remove: all tags. Throws Error{unsupported} naming those that the registry keeps.
void remove_all_tags(AuthorizedSession& session);

} // namespace regctl::registry::v2
