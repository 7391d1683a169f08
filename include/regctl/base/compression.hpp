// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace regctl {

enum class Compression { none, gzip, bzip2, xz, zstd };

/// What the first bytes of a file say (6 are enough); `none` for anything else.
Compression detect_compression(std::span<const std::byte> head) noexcept;
std::string_view to_string(Compression compression) noexcept;

/// The plain bytes of `source`, whichever of the known compressions it has (several gzip members
/// are one stream); a plain source passes through, also an empty one. Only one compression is
/// undone: a gzip inside a gzip comes out as gzip. Throws Error{protocol} "WHAT: …" for damaged or
/// truncated data. Memory is bounded by the decoder's window, whatever comes out: 32 KiB for gzip,
/// 4 MiB for bzip2, up to 128 MiB for zstd and 1 GiB for xz if the data ask for it and fill it
/// (what their tools write by default asks for 8 MiB).
std::unique_ptr<Source> make_decompressed_source(std::unique_ptr<Source> source, std::string what);

/// `source` as one gzip member with fixed parameters (level 6, no name, no time), so that the same
/// bytes in give the same bytes out.
std::unique_ptr<Source> make_gzip_source(std::unique_ptr<Source> source);

} // namespace regctl
