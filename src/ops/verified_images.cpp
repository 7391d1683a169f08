// SPDX-License-Identifier: Apache-2.0
#include "ops/verified_images.hpp"

#include <regctl/model/v1_store.hpp>

#include <cstring>
#include <utility>

namespace regctl::ops {

namespace {

constexpr std::size_t k_short_bytes = 8;

std::uint8_t hex_value(char digit) noexcept {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

} // namespace

ImageKey::ImageKey(std::string_view id) noexcept : is_short_(id.size() < 2 * bytes_.size()) {
  for (std::size_t i = 0; i + 1 < id.size(); i += 2) {
    bytes_[i / 2] = static_cast<std::uint8_t>(hex_value(id[i]) * 16 + hex_value(id[i + 1]));
  }
}

std::string ImageKey::id() const {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string id;
  for (std::size_t i = 0; i < (is_short_ ? k_short_bytes : bytes_.size()); ++i) {
    id += k_digits[bytes_[i] / 16];
    id += k_digits[bytes_[i] % 16];
  }
  return id;
}

std::size_t ImageKey::Hash::operator()(const ImageKey& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.bytes_.data(), sizeof hash); // IDs are random or sums
  return hash;
}

VerifiedImages::Image& VerifiedImages::get(const std::string& id) {
  return *images_.try_emplace(ImageKey(id)).first;
}

void VerifiedImages::set_findings(const Image& image, std::vector<Finding> findings) {
  if (findings.empty()) {
    findings_.erase(&image);
  } else {
    findings_[&image] = std::move(findings);
  }
}

namespace {

const std::vector<Finding> k_none;

} // namespace

const std::vector<Finding>& VerifiedImages::findings(const Image& image) const {
  const auto found = findings_.find(&image);
  return found == findings_.end() ? k_none : found->second;
}

void VerifiedImages::add_ancestry_finding(const Image& image, Finding finding) {
  ancestry_findings_[&image].push_back(std::move(finding));
}

const std::vector<Finding>& VerifiedImages::ancestry_findings(const Image& image) const {
  const auto found = ancestry_findings_.find(&image);
  return found == ancestry_findings_.end() ? k_none : found->second;
}

VerifiedImages::Chain VerifiedImages::chain(Image& top) {
  Chain chain;
  ++walks_;
  for (auto* image = &top; image != nullptr; image = image->second.parent) {
    auto& state = image->second;
    if (state.last_walk == walks_ || chain.members.size() == k_max_chain) {
      chain.end = Chain::End::loop;
      return chain;
    }
    state.last_walk = walks_;
    chain.members.push_back(image);
    if (!state.is_readable) {
      chain.end = Chain::End::broken;
      return chain;
    }
  }
  return chain;
}

} // namespace regctl::ops
