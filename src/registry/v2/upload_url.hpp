// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/http/message.hpp>
#include <regctl/model/oci/digest.hpp>

#include <optional>

namespace regctl::registry::v2 {

/// The URL where an upload goes on, from the Location of the answer to a request for `asked`;
/// nothing if there is none. At the registry's own host it keeps the registry's scheme and port if
/// it says http instead of https, or lost the port, as behind a proxy that ends TLS, or says https
/// for a port that speaks http, as at a registry that is told its public address. Path and query
/// are kept byte for byte: they hold the upload's state.
std::optional<http::Url> find_upload_url(const AuthorizedSession& session, const http::Url& asked,
                                         const http::Response& response);

/// `url` with the digest added to its query.
http::Url with_digest(http::Url url, const oci::Digest& digest);

/// Gives up an upload. A failure is ignored: the registry removes what is left over in time. Also
/// after an interruption, of which Error{interrupted} is thrown then.
void cancel_upload(AuthorizedSession& session, const std::optional<http::Url>& url);

} // namespace regctl::registry::v2
