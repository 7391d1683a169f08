// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/stream.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/ops/copy.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

namespace regctl::ops {

/// How a layer is taken from an OCI image to a v1 image.
struct LayerWayBack {
  PlainLayers plain_layers = PlainLayers::gzip;
  /// Called with the bytes of the blob as they are read.
  std::function<void(std::span<const std::byte>)> on_read;
  /// Called when the layer was read to its end, with what reports say of it: "trailing-bytes",
  /// "recompressed".
  std::function<void(const std::set<std::string>& notes)> on_end;
};

/// A layer of an OCI image as v1 engines can unpack it, in one pass: gzip, bzip2 and xz stay byte
/// for byte, gzip without bytes behind its end; zstd becomes gzip, and so does a plain tar unless
/// it is to be kept. A blob without bytes becomes empty_layer_gzip(), since servers take no empty
/// layer. The source throws Error{integrity} instead of ending if the blob is not what its digest
/// says, does not unpack to `diff_id`, or is no whole tar. `repository` must outlive the source.
/// Throws Error{not_found} for a blob that is not there, Error{unsupported} for a foreign one that
/// none of its `urls` has.
std::unique_ptr<Source> open_derived_layer(OciRepository& repository, const oci::Descriptor& blob,
                                           const std::string& diff_id, LayerWayBack way);

} // namespace regctl::ops
