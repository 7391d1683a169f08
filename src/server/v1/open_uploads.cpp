// SPDX-License-Identifier: Apache-2.0
#include "server/v1/open_uploads.hpp"

namespace regctl::server {

namespace {

constexpr std::size_t k_sum_limit = 64; // for uploads of one image that are never completed

} // namespace

void OpenUploads::take_json(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++images_.try_emplace(id).first.jsons;
}

bool OpenUploads::is_layer_owed(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto* image = images_.find(id);
  return image != nullptr && image->jsons > 0;
}

void OpenUploads::take_layer(const std::string& id, const std::string& checksum) {
  const std::lock_guard lock(mutex_);
  auto& image = images_.try_emplace(id).first;
  image.jsons -= image.jsons > 0 ? 1 : 0;
  if (image.sums.size() == k_sum_limit) {
    image.sums.clear();
  }
  ++image.sums[checksum];
}

bool OpenUploads::take_checksum(const std::string& id, const std::string& checksum) {
  const std::lock_guard lock(mutex_);
  auto* image = images_.find(id);
  if (image == nullptr) {
    return false;
  }
  auto& sums = image->sums;
  const auto sum = sums.find(checksum);
  if (sum == sums.end()) {
    return false;
  }
  if (--sum->second == 0) {
    sums.erase(sum);
  }
  if (sums.empty() && image->jsons == 0) {
    images_.erase(id);
  }
  return true;
}

} // namespace regctl::server
