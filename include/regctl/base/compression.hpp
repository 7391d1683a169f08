// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace regctl {

enum class Compression { none, gzip, bzip2, xz, zstd };

/// The compression that the first bytes of a file show (6 bytes are enough); `none` for anything
/// else.
Compression detect_compression(std::span<const std::byte> head) noexcept;
std::string_view to_string(Compression compression) noexcept;

/// The plain bytes of `source`, for every known compression. Several gzip members are one stream. A
/// plain or empty source passes through. Only one compression is undone: a gzip inside a gzip comes
/// out as gzip. Throws Error{protocol} "WHAT: …" for damaged or truncated data.
/// Memory is bounded by the decoder's window, not by the output: 32 KiB for gzip, 4 MiB for bzip2.
/// The data may ask for more: up to 128 MiB for zstd and 1 GiB for xz, taken only as it is filled
/// (both tools ask for 8 MiB by default).
std::unique_ptr<Source> make_decompressed_source(std::unique_ptr<Source> source, std::string what);

/// `source` as one gzip member. The parameters are fixed (level 6, no name, no time), so that equal
/// input gives equal output.
std::unique_ptr<Source> make_gzip_source(std::unique_ptr<Source> source);

/// `source` as many gzip members, which together are one stream: a tenth of the CPU time of
/// make_gzip_source(), and an eighth larger. A member that would hardly shrink is stored as it is.
/// For destinations whose readers take several members, as OCI registries and engines do (estargz
/// has a member for each file); Python 2's tarfile, which docker-registry uses, ends with the first
/// one. Equal input gives equal output, as long as ISA-L and the kind of processor stay the same.
std::unique_ptr<Source> make_fast_gzip_source(std::unique_ptr<Source> source);

/// Whether make_gzip_source() gives the bytes that it gives on other machines: zlib 1.2.3 to 1.3.1
/// agree; forks of it, as zlib-ng, give others. Compresses 64 KiB at the first call. Thread-safe.
bool is_gzip_reproducible();

} // namespace regctl
