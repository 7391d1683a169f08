// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/audit.hpp>

#include <functional>
#include <memory>
#include <string>

namespace regctl::ops {

/// A verdict and its explanation in a few words.
struct Judgement {
  Verdict verdict = Verdict::sound;
  std::string detail;
};

/// Opens the layer from its first byte at every call.
using OpenLayer = std::function<std::unique_ptr<Source>(LayerCheck check)>;

/// Reads a layer and checks it against its recorded checksum (the payload's, else a tarsum).
/// Without a recorded checksum, checks that it unpacks to its end. A damaged layer is read twice:
/// its bytes may have changed on their way. Read errors that say nothing about the layer are
/// thrown.
Judgement check_layer(const V1Image& image, const OpenLayer& open);

/// Reads a layer whose checksum is wrong once more, to distinguish a truncated layer (layer_cut)
/// from a changed one (checksum_wrong). Throws Error{interrupted} alone.
Judgement judge_wrong_sum(const V1Image& image, const OpenLayer& open);

} // namespace regctl::ops
