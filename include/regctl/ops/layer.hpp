// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/tar.hpp>
#include <regctl/model/place.hpp>
#include <regctl/ops/session.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace regctl::ops {

/// The layer of an image, by the ID or at least 4 digits of its beginning; nothing for the top
/// layer.
using LayerChoice = std::optional<std::string>;

/// Writes the stored bytes of a layer to `sink`, with `check` at their end: the bytes are known to
/// be right only when this returns. Returns the ID of the layer's image. Throws Error{not_found}
/// for an ID that is not in the chain, Error{usage} for an ambiguous one, Error{integrity} for a
/// damaged layer.
std::string get_layer(Session& session, const Place& place, const LayerChoice& choice,
                      LayerCheck check, Sink& sink);

/// Calls `on_file` for each entry of a layer's tar, whatever its compression, in the tar's order.
/// Throws as get_layer() does, and Error{protocol} if the layer is not a tar.
void list_layer_files(Session& session, const Place& place, const LayerChoice& choice,
                      LayerCheck check, const std::function<void(const TarEntry&)>& on_file);

/// Pushes one image (its JSON and its layer) to a registry or a storage tree, without changing any
/// tag. Returns already_there if the image exists; its parent must exist. Throws Error{protocol}
/// for a JSON that is not a v1 image's.
PutOutcome put_layer(Session& session, const Place& repository, const std::string& json,
                     const OpenSource& layer, std::optional<std::uint64_t> size_bytes);

} // namespace regctl::ops
