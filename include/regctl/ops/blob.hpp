// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <optional>

namespace regctl::ops {

// The places are repositories of OCI images, with or without a tag; a digest in them names the
// blob.

/// Writes a blob to `sink`, verified: the bytes are known to be right only when this returns.
/// Returns its size. Throws Error{not_found}.
std::uint64_t get_blob(Session& session, const Place& blob, Sink& sink);

/// The size of a blob; nothing if the repository does not have it.
std::optional<std::uint64_t> find_blob(Session& session, const Place& blob);

/// Stores a blob; `open` may be called again. With a digest in `repository`, throws
/// Error{integrity} unless the bytes have it.
oci::Digest put_blob(Session& session, const Place& repository, const OpenSource& open,
                     std::optional<std::uint64_t> size_bytes);

} // namespace regctl::ops
