// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/verified_images.hpp"

#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/repository.hpp>

#include <utility>

namespace regctl::ops {

namespace {

const std::vector<Finding> k_none;

} // namespace

VerifiedImages::Image& VerifiedImages::get(const std::string& id) {
  return *images_.try_emplace(PackedId(id)).first;
}

void VerifiedImages::set_findings(const Image& image, std::vector<Finding> findings) {
  if (findings.empty()) {
    findings_.erase(&image);
  } else {
    findings_[&image] = std::move(findings);
  }
}

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
