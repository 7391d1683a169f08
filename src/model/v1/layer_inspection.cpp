// SPDX-License-Identifier: Apache-2.0
#include "model/v1/layer_inspection.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/layer.hpp>

#include <algorithm>
#include <memory>

namespace regctl {

LayerInspection::LayerInspection(const V1Image& image, LayerCheck check)
    : check_(check), tarsums_(recorded_tarsums(image)), buffer_(k_buffer_bytes) {
  if (!tarsums_.empty()) {
    tarsum_.emplace(image.json);
  }
}

bool LayerInspection::step(Source& unpacked) {
  if (!is_behind_tar_) {
    is_behind_tar_ = tarsum_ ? !tarsum_->step(unpacked) : !step_through_tar(unpacked);
    return true;
  }
  // The tar has ended, but the checksum of its compression comes after that.
  return unpacked.read(buffer_) > 0;
}

/// Reads one piece at a time, as the tee requires, since an entry may be large.
bool LayerInspection::step_through_tar(Source& unpacked) {
  if (!tar_) {
    tar_.emplace(std::make_unique<BorrowedSource>(unpacked), "the layer");
  }
  if (is_in_entry_) {
    is_in_entry_ = tar_->data().read(buffer_) > 0;
    return true;
  }
  is_in_entry_ = tar_->next().has_value();
  return is_in_entry_;
}

void LayerInspection::give_up(const Error& reason) noexcept {
  try {
    problem_ = "is damaged: " + reason.message();
  } catch (...) { // no memory for the full message
    problem_ = "is damaged";
  }
}

std::string LayerInspection::problem() {
  if (!problem_.empty() || !tarsum_) {
    return check_ == LayerCheck::sums ? std::string() : problem_;
  }
  const auto sum = tarsum_->result(); // nothing for a layer with too many entries
  return !sum || std::find(tarsums_.begin(), tarsums_.end(), *sum) != tarsums_.end()
             ? std::string()
             : "has " + *sum + " instead of " + tarsums_.front();
}

} // namespace regctl
