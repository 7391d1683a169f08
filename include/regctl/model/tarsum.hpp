// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace regctl {

/// The version 0 tarsum of a layer, "tarsum+sha256:" and 64 hex digits, as engines 1.3 to 1.9 send
/// it in X-Docker-Checksum: over the JSON and the sorted sums of all entries (registry-v1: name,
/// mode, uid, gid, size, mtime, typeflag, linkname, uname, gname, devmajor, devminor, content).
/// `layer` may be compressed. Throws Error{protocol} if it is no tar.
std::string tarsum(std::string_view json, std::unique_ptr<Source> layer);

} // namespace regctl
