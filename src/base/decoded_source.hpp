// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/compression.hpp>
#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl {

/// The plain bytes of `source`, which is bzip2, xz or zstd. Several streams or frames in a row are
/// one stream. Other bytes behind the last bzip2 stream are read and ignored, as bzip2(1) does; xz
/// allows zero bytes there, zstd none. Throws Error{protocol} "WHAT: …" for damaged or truncated
/// data.
std::unique_ptr<Source> make_decoded_source(std::unique_ptr<Source> source, Compression compression,
                                            const std::string& what);

} // namespace regctl
