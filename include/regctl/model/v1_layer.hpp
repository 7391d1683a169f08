// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1_store.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace regctl {

/// `bytes` as a LayerSource of `image`: with a check it throws Error{integrity} "WHAT …" instead of
/// ending if none of image's payload checksums comes out for one of its JSON candidates or, where
/// there are none, its JSON. `on_match` hears the JSON that was right.
std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, std::string what,
                                               std::function<void(const std::string&)> on_match);

/// The payload checksum that such a source, with LayerCheck::verify, will have found right when it
/// ends; nothing where only the end tells which of several it is, or where there is none.
std::optional<std::string> only_payload_checksum(const V1Image& image);

} // namespace regctl
