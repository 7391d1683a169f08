// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/packed_id.hpp>
#include <regctl/ops/verify.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace regctl::ops {

/// The state of all images that a run has examined: a few bytes for each, and text only for faults.
/// Not thread-safe.
class VerifiedImages {
public:
  struct Examined;
  using Image = std::pair<const PackedId, Examined>;

  struct Examined {
    Image* parent = nullptr;     ///< null for a base image
    std::uint64_t last_walk = 0; ///< the last walk that passed it
    bool is_known = false;       ///< examined at A
    bool is_known_at_b = false;  ///< examined at B
    bool is_readable = false;    ///< at A, so that `parent` is valid
    bool has_ancestry = false;   ///< its recorded ancestry was checked at A
    bool has_ancestry_at_b = false;
  };

  /// The image with this ID, new or known. The reference stays valid.
  Image& get(const std::string& id);

  void set_findings(const Image& image, std::vector<Finding> findings);
  [[nodiscard]] const std::vector<Finding>& findings(const Image& image) const;

  /// Adds a finding about the image's recorded ancestry. It concerns only tags that name this
  /// image.
  void add_ancestry_finding(const Image& image, Finding finding);
  [[nodiscard]] const std::vector<Finding>& ancestry_findings(const Image& image) const;

  struct Chain {
    enum class End {
      base,
      broken, ///< the last member cannot be read
      loop,   ///< or more than k_max_chain images
    };
    std::vector<Image*> members; ///< top first
    End end = End::base;
  };
  /// The chain along the parents.
  Chain chain(Image& top);

private:
  using Findings = std::unordered_map<const Image*, std::vector<Finding>>;

  std::unordered_map<PackedId, Examined, PackedId::Hash> images_;
  Findings findings_;
  Findings ancestry_findings_;
  std::uint64_t walks_ = 0;
};

} // namespace regctl::ops
