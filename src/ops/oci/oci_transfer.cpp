// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/oci_transfer.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

class OciTransfer final : public Transfer {
public:
  OciTransfer(const OciRoute& route, const OciCopy& how, ManifestNode root, std::string tag)
      : route_(route), how_(how), node_(std::move(root)), tag_(std::move(tag)), mover_(route),
        root_(node_.document.digest) {}

  std::vector<Item> items() override {
    auto tree = read_manifest_tree(route_.source, std::move(node_));
    for (const auto& blob : tree.other_blobs) {
      add_blob(blob);
    }
    for (auto& node : tree.manifests) {
      add_manifest(std::move(node));
    }
    if (how_.referrers) {
      add_followers();
    }
    // The largest first: a long one that begins last would end alone.
    std::stable_sort(blobs_.begin(), blobs_.end(),
                     [](const auto& a, const auto& b) { return a.size_bytes > b.size_bytes; });
    is_moved_.resize(blobs_.size());
    std::vector<Item> items;
    items.reserve(blobs_.size());
    for (const auto& blob : blobs_) {
      items.push_back({blob.digest.to_string(), blob.size_bytes, true});
    }
    return items;
  }

  Moved move(std::size_t index) override {
    throw_if_abandoned();
    const auto moved = mover_.move(blobs_.at(index));
    const std::lock_guard lock(mutex_);
    is_moved_.at(index) = true;
    return moved;
  }

  // It may be in another repository: finish() looks.
  void moved_elsewhere(std::size_t) override {}

  void abandon(std::exception_ptr reason) noexcept override {
    const std::lock_guard lock(mutex_);
    reason_ = std::move(reason);
  }

  void finish() override {
    throw_if_abandoned();
    for (std::size_t i = 0; i < blobs_.size(); ++i) {
      if (!is_moved_[i]) {
        mover_.settle(blobs_[i]);
      }
    }
    for (const auto& node : manifests_) {
      const bool is_root = node.document.digest == root_;
      if (is_root && !tag_.empty() && !has_referrers_) {
        put_root(node);
      } else if (is_unlisted(node) || (!is_there(node) && !is_attached(node.document.digest))) {
        route_.destination.put_manifest(node.document, std::nullopt);
      }
    }
    for (const auto& [tag, digest] : attached_) {
      put_attached(tag, node_of(digest));
    }
    if (has_referrers_ && !tag_.empty()) {
      put_root(node_of(root_));
    }
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override { return nullptr; }

private:
  const ManifestNode& node_of(const oci::Digest& digest) const {
    return *std::find_if(manifests_.begin(), manifests_.end(),
                         [&](const ManifestNode& node) { return node.document.digest == digest; });
  }

  [[nodiscard]] bool is_attached(const oci::Digest& digest) const {
    return std::any_of(attached_.begin(), attached_.end(),
                       [&](const auto& entry) { return entry.second == digest; });
  }

  [[nodiscard]] bool is_there(const ManifestNode& node) const {
    return there_.contains(node.document.digest);
  }

  /// Whether the manifest is there, and not in the list of what refers to its subject: a run that
  /// ended between the two has left it so.
  bool is_unlisted(const ManifestNode& node) {
    if (!node.manifest.subject || !is_there(node)) {
      return false;
    }
    const auto& subject = node.manifest.subject->digest;
    const auto [listed, is_new] = listed_.try_emplace(subject);
    if (is_new) {
      for (const auto& one : route_.destination.referrers(subject, oci::ReferrersTag::unknown)) {
        listed->second.insert(one.digest);
      }
    }
    return !listed->second.contains(node.document.digest);
  }

  /// A tag that is there stays untouched: it may be one that must not change.
  void put_attached(const std::string& tag, const ManifestNode& node) {
    const auto there = is_there(node)
                           ? route_.destination.find_manifest(oci::ManifestName::tag(tag))
                           : std::nullopt;
    if (!there || there->digest != node.document.digest) {
      route_.destination.put_manifest(node.document, tag);
    }
  }

  /// Whether the tag names the manifest already. Makes a request where that can be.
  [[nodiscard]] bool is_tagged(const ManifestNode& node) const {
    const bool can_be =
        has_referrers_ && (node.manifest.kind == oci::Manifest::Kind::index || is_there(node));
    const auto there =
        can_be ? route_.destination.find_manifest(oci::ManifestName::tag(tag_)) : std::nullopt;
    return there && there->digest == node.document.digest;
  }

  void put_root(const ManifestNode& node) {
    if (is_tagged(node)) {
      return; // only what refers to it was missing; a registry may refuse to set the tag again
    }
    route_.session.progress().tagging(std::string(node.document.digest.hex()),
                                      route_.destination.describe() + ":" + tag_);
    route_.destination.put_manifest(node.document, tag_);
  }

  void add_manifest(ManifestNode node) {
    if (!known_manifests_.insert(node.document.digest).second) {
      return;
    }
    // A registry has checked that it has the blobs of a manifest. An index may have lost children.
    const bool is_there = !how_.looks_at_blobs &&
                          node.manifest.kind != oci::Manifest::Kind::index &&
                          route_.destination.find_manifest(node.document.digest).has_value();
    if (is_there) {
      there_.insert(node.document.digest);
    } else {
      for (auto& blob : node.manifest.blobs()) {
        if (node.manifest.kind == oci::Manifest::Kind::schema1) {
          blob.size_bytes = size_of(blob.digest);
        }
        add_blob(blob);
      }
    }
    manifests_.push_back(std::move(node));
  }

  /// The size of a layer of which its manifest does not tell it.
  std::uint64_t size_of(const oci::Digest& digest) {
    const auto size = route_.source.find_blob(digest);
    if (!size) {
      throw Error(ErrorKind::not_found,
                  route_.source.describe() + " has no blob " + digest.to_string());
    }
    return *size;
  }

  void add_blob(const oci::Descriptor& blob) {
    if (!known_blobs_.insert(blob.digest).second) {
      return;
    }
    // A layer that registries need not hold is carried along by its URL, unless it is there.
    if (oci::is_foreign_layer(blob.media_type) && !route_.source.find_blob(blob.digest)) {
      return;
    }
    blobs_.push_back(blob);
  }

  void add_followers() {
    std::vector<oci::Digest> manifests;
    for (const auto& node : manifests_) {
      manifests.push_back(node.document.digest);
    }
    read_followers(route_.session.progress(), route_.source, how_.tags, std::move(manifests),
                   [this](ManifestTree follower, const std::string& tag) {
                     has_referrers_ = true;
                     if (!tag.empty()) {
                       attached_.emplace_back(tag, follower.root().document.digest);
                     }
                     for (auto& node : follower.manifests) {
                       add_manifest(std::move(node));
                     }
                   });
  }

  void throw_if_abandoned() {
    const std::lock_guard lock(mutex_);
    if (reason_) {
      rethrow_copy(reason_);
    }
  }

  const OciRoute& route_;
  const OciCopy& how_;
  ManifestNode node_; ///< until items() has read it
  std::string tag_;
  BlobMover mover_;
  const oci::Digest root_;
  std::set<oci::Digest> known_manifests_; // their bytes may be a blob as well
  std::set<oci::Digest> known_blobs_;
  std::set<oci::Digest> there_;                         // manifests that the destination has
  std::map<oci::Digest, std::set<oci::Digest>> listed_; // referrers there, by their subject
  std::vector<ManifestNode> manifests_;                 // what others name before it is named
  std::vector<oci::Descriptor> blobs_;
  std::vector<std::pair<std::string, oci::Digest>> attached_; // by the tags of cosign
  bool has_referrers_ = false;

  std::mutex mutex_; ///< guards the members below
  std::vector<bool> is_moved_;
  std::exception_ptr reason_;
};

} // namespace

std::unique_ptr<Transfer> make_oci_transfer(const OciRoute& route, const OciCopy& how,
                                            ManifestNode root, const std::string& tag) {
  return std::make_unique<OciTransfer>(route, how, std::move(root), tag);
}

} // namespace regctl::ops
