// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/repository.hpp>

namespace regctl::registry::v2 {

/// OciRepository::put_blob.
///
/// A blob whose digest is known is sent in one PUT, another one in one PATCH. It is sent in pieces
/// if the options say so, or if one request is too large for the registry or a proxy before it
/// (413): then the pieces become smaller until they pass, and that size is kept for the run. An
/// upload that the registry has lost, or whose connection was cut in mid piece, begins anew; behind
/// a piece it goes on, in a later run too (KeptUploads). Another upload that is given up is
/// cancelled, also after an interruption. If the registry refuses to end an
/// upload, but has the blob, because somebody else has sent it meanwhile, then it is stored.
///
/// Throws Error{integrity} if the registry says that the bytes are not those of the digest,
/// Error{unavailable} if it loses upload after upload.
oci::PutBlob put_blob(AuthorizedSession& session, const oci::BlobUpload& upload);

} // namespace regctl::registry::v2
