// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/audit.hpp>

#include <functional>
#include <memory>
#include <string>

namespace regctl::ops {

/// What is wrong with something, and a few words about it.
struct Judgement {
  Verdict verdict = Verdict::sound;
  std::string detail;
};

/// Opens the layer from its first byte, as often as it is called.
using OpenLayer = std::function<std::unique_ptr<Source>(LayerCheck check)>;

/// Reads a layer and tells whether it is what its recorded checksum says (the payload's, else a
/// tarsum) or, where none is recorded, whether it can be unpacked to its end. If the checksum is
/// wrong it is read once more to tell a layer that was cut short from one that was changed. Errors
/// of reading that say nothing about the layer go to the caller.
Judgement check_layer(const V1Image& image, const OpenLayer& open);

} // namespace regctl::ops
