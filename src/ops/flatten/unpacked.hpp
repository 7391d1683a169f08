// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>

#include <memory>
#include <string>

namespace regctl::ops {

/// The unpacked bytes of a layer, whatever its compression, to the last one. Bytes behind the end
/// of gzip are passed over, where make_decompressed_source() throws. `layer` must outlive the
/// source.
std::unique_ptr<Source> open_unpacked(Source& layer, const std::string& what);

} // namespace regctl::ops
