// SPDX-License-Identifier: Apache-2.0
#include "server/v1/open_uploads.hpp"

namespace regctl::server {

namespace {

constexpr std::size_t k_image_limit = 4096;
constexpr std::size_t k_sum_limit = 64; // of uploads of one image that never end

} // namespace

void OpenUploads::take_json(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++open(id).jsons;
}

bool OpenUploads::is_layer_owed(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = images_.find(id);
  return found != images_.end() && found->second.jsons > 0;
}

void OpenUploads::take_layer(const std::string& id, const std::string& checksum) {
  const std::lock_guard lock(mutex_);
  auto& image = open(id);
  image.jsons -= image.jsons > 0 ? 1 : 0;
  if (image.sums.size() == k_sum_limit) {
    image.sums.clear();
  }
  ++image.sums[checksum];
}

bool OpenUploads::take_checksum(const std::string& id, const std::string& checksum) {
  const std::lock_guard lock(mutex_);
  const auto image = images_.find(id);
  if (image == images_.end()) {
    return false;
  }
  auto& sums = image->second.sums;
  const auto sum = sums.find(checksum);
  if (sum == sums.end()) {
    return false;
  }
  if (--sum->second == 0) {
    sums.erase(sum);
  }
  if (sums.empty() && image->second.jsons == 0) {
    forget(image);
  }
  return true;
}

OpenUploads::Image& OpenUploads::open(const std::string& id) {
  const auto [place, is_new] = images_.try_emplace(id);
  if (is_new) {
    place->second.age = next_age_++;
    by_age_[place->second.age] = id;
    if (images_.size() > k_image_limit) {
      forget(images_.find(by_age_.begin()->second));
    }
  }
  return place->second;
}

void OpenUploads::forget(Images::iterator image) {
  by_age_.erase(image->second.age);
  images_.erase(image);
}

} // namespace regctl::server
