// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/followers.hpp"

#include <set>
#include <utility>

namespace regctl::ops {

namespace {

class FollowerReader {
public:
  FollowerReader(Progress& progress, OciRepository& source, const FollowerTags& tags,
                 std::vector<oci::Digest> manifests, const OnFollower& on_follower)
      : progress_(progress), source_(source), tags_(tags), manifests_(std::move(manifests)),
        known_(manifests_.begin(), manifests_.end()), on_follower_(on_follower) {}

  void run() {
    const auto count = manifests_.size();
    for (std::size_t i = 0; i < count; ++i) {
      add_referrers(oci::Digest(manifests_[i]), 1);
    }
    // A signature can be signed itself.
    for (std::size_t i = 0; i < manifests_.size(); ++i) {
      add_attached(oci::Digest(manifests_[i]));
    }
  }

private:
  void add_referrers(const oci::Digest& subject, std::size_t depth) {
    const auto referrers = source_.referrers(subject, tags_.referrers_tag_of(subject));
    if (depth > k_max_referrer_depth && !referrers.empty()) {
      progress_.note(words_for_deep_referrers(subject));
      return;
    }
    for (const auto& referrer : referrers) {
      if (known_.contains(referrer.digest)) {
        continue;
      }
      auto document = source_.read_manifest(referrer.digest);
      if (!document) {
        progress_.note("manifest " + referrer.digest.to_string() + ", which refers to " +
                       subject.short_hex() + ", is listed in " + source_.describe() +
                       ", but is not there: it is left out");
        continue;
      }
      add(*std::move(document), "");
      add_referrers(referrer.digest, depth + 1);
    }
  }

  /// The artifacts of a manifest that cosign keeps under tags.
  void add_attached(const oci::Digest& subject) {
    for (const auto& tag : oci::cosign_tags(subject)) {
      if (!tags_.attached.contains(tag)) {
        continue;
      }
      if (auto document = source_.read_manifest(oci::ManifestName::tag(tag))) {
        add(*std::move(document), tag);
      } // else removed since the tags were listed
    }
  }

  void add(oci::Document document, const std::string& tag) {
    auto tree = read_manifest_tree(source_, to_node(std::move(document), source_.describe()));
    for (const auto& node : tree.manifests) {
      if (known_.insert(node.document.digest).second) {
        manifests_.push_back(node.document.digest);
      }
    }
    on_follower_(std::move(tree), tag);
  }

  Progress& progress_;
  OciRepository& source_;
  const FollowerTags& tags_;
  std::vector<oci::Digest> manifests_; ///< the given ones, and those that follow them
  std::set<oci::Digest> known_;
  const OnFollower& on_follower_;
};

} // namespace

oci::ReferrersTag FollowerTags::referrers_tag_of(const oci::Digest& subject) const {
  // The name of a tag tells only sums of 256 bits.
  const bool is_known = subjects && subject.algorithm() == oci::DigestAlgorithm::sha256;
  return is_known && !subjects->contains(subject.to_string()) ? oci::ReferrersTag::absent
                                                              : oci::ReferrersTag::unknown;
}

void read_followers(Progress& progress, OciRepository& source, const FollowerTags& tags,
                    std::vector<oci::Digest> manifests, const OnFollower& on_follower) {
  FollowerReader(progress, source, tags, std::move(manifests), on_follower).run();
}

} // namespace regctl::ops
