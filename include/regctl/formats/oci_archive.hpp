// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/oci_images.hpp>

#include <memory>
#include <string>

namespace regctl {

/// Opens an OCI layout in a tar file for reading; "-" is stdin. A plain tar in a regular file is
/// read in place. A pipe, or a tar compressed as a whole (gzip, zstd, bzip2, xz), is first unpacked
/// into a temporary file without a name, because index.json may come last.
///
/// Names are those of open_oci_layout(). Entries may come in any order, with or without "./" and
/// folders; other files, such as a manifest.json, are passed over. Error{protocol}: what
/// DockerArchive::open() refuses of a tar, and one that was cut; Error{not_found}: a tar without
/// index.json.
std::unique_ptr<OciImages> open_oci_archive(const std::string& path);

/// Begins an OCI layout in a new tar file; "-" is stdout. A file gets its name, and replaces one
/// that has it, only with finish(), which writes index.json and oci-layout. Blobs lie in the order
/// in which they were put, each once. Blobs whose digest or size is not known go through a
/// temporary file. A file takes several at once; stdout takes one after the other, and nothing more
/// after one that failed in the middle.
///
/// What was put is found by this object too, and can be read again unless it went to stdout:
/// Error{unsupported}. Throws Error{unsupported} for manifests of schema 1.
std::unique_ptr<OciImages> start_oci_archive(const std::string& path);

} // namespace regctl
