// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace regctl {

/// What a gzip stream turned out to be, after its end was read.
struct GzipPass {
  bool has_trailing_bytes = false; ///< bytes behind the last member, which were left out
};

/// The bytes of a gzip stream up to the end of its last member, unchanged, while `on_unpacked` gets
/// the unpacked ones. Bytes behind it are read and left out: engines refuse them. `pass` is filled
/// in at the end, and must outlive the source. Throws Error{protocol} "WHAT: the gzip data ends too
/// early" or "WHAT: the gzip data is damaged (…)".
std::unique_ptr<Source> make_gzip_pass(std::unique_ptr<Source> source,
                                       std::function<void(std::span<const std::byte>)> on_unpacked,
                                       GzipPass& pass, std::string what);

} // namespace regctl
