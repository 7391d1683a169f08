// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/base/stream.hpp>
#include <regctl/model/oci/descriptor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace regctl::registry::v2 {

/// OciRepository::find_blob. Where HEAD does not tell the size, a GET of one byte does, else all
/// the bytes do.
std::optional<std::uint64_t> find_blob(AuthorizedSession& session, const oci::Digest& digest);

/// OciRepository::open_blob. The download resumes after cuts. It asks the registry again if the
/// storage to which that sends us refuses, since signed URLs expire.
std::unique_ptr<Source> open_blob(const std::shared_ptr<AuthorizedSession>& session,
                                  const oci::Descriptor& blob);

/// OciRepository::mount_blob.
bool mount_blob(AuthorizedSession& session, const oci::Descriptor& blob, const std::string& from);

} // namespace regctl::registry::v2
