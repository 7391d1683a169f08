// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/oci_passage.hpp"

#include "ops/passage/layer_fact.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/oci_side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/time.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/oci/referrers_index.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/schema1.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

namespace regctl::ops {

class OciPassages::OciPassage final : public Passage {
  // The number of requests of a run, as OciTransfer and BlobMover make them.
  static constexpr std::uint64_t k_per_tag_at_source = 1;      // its manifest
  static constexpr std::uint64_t k_per_tag_at_destination = 2; // its manifest: look, put
  static constexpr std::uint64_t k_per_blob_at_source = 1;
  static constexpr std::uint64_t k_to_look_for_blob = 1;
  static constexpr std::uint64_t k_to_put_blob = 2;
  static constexpr std::uint64_t k_per_removal = 1;

public:
  OciPassage(OciPassages& shared, std::unique_ptr<OciRepository> source,
             std::unique_ptr<OciRepository> destination, const std::string& source_name,
             const std::string& destination_name)
      : shared_(shared), source_(std::move(source)), destination_(std::move(destination)),
        route_{shared.session_,
               *source_,
               *destination_,
               destination_name,
               shared.is_one_store_ ? std::optional(source_name) : std::nullopt,
               shared.places_,
               Progress::Verb::copying,
               shared.options_.limits,
               shared.options_.verify_destination ? &shared.whole_ : nullptr},
        how_(shared.how_) {}

  [[nodiscard]] bool is_same(const std::string& from, const std::string& there) const override {
    return from == there ||
           shared_.facts_.find(ManifestFact::identity_of(from, shared_.options_.form)) == there ||
           (!shared_.how_.platforms.empty() && narrowed(from) == there);
  }

  [[nodiscard]] bool drops_access() const noexcept override { return false; }

  /// An image that is narrowed or converted has another digest, to which nothing refers.
  [[nodiscard]] bool keeps_referrers(const std::string& from,
                                     const std::string& there) const override {
    return from == there;
  }

  std::optional<std::int64_t> created_at(const std::string& identity) override {
    try {
      const auto root = read_manifest_node(*source_, digest_of_identity(identity));
      if (root.manifest.kind == oci::Manifest::Kind::schema1) {
        const auto chain = read_schema1_chain(root.document, "manifest " + identity);
        return parse_rfc3339(parse_v1_image(chain.steps.back().json).created);
      }
      for (const auto& image : list_platforms(*source_, root)) {
        const auto node = image.descriptor.digest == root.document.digest
                              ? root
                              : read_manifest_node(*source_, image.descriptor.digest);
        const auto config = oci::Config::parse(read_config(*source_, node.manifest), "config");
        return parse_rfc3339(config.created);
      }
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
    }
    return std::nullopt;
  }

  std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) override {
    auto root = narrow(*source_, read_manifest_node(*source_, digest_of_identity(identity)),
                       shared_.how_.platforms);
    return root.manifest.kind == oci::Manifest::Kind::schema1
               ? make_schema1_transfer(route_, how(), std::move(root), tag, shared_.schema1_)
               : make_oci_transfer(route_, how(), std::move(root), tag);
  }

  void attach(const ListedTags& source) override {
    std::call_once(attaching_, [&] { how_.tags = {source.attached(), source.subjects()}; });
  }

  std::set<std::string> find_held(const std::vector<std::string>& identities) override {
    return filter(identities, [&](const oci::Digest& image) {
      return destination_->find_manifest(image).has_value();
    });
  }

  std::set<std::string> find_new_referrers(const std::vector<std::string>& identities) override {
    return filter(identities, [&](const oci::Digest& image) { return has_new_referrer(image); });
  }

  std::set<std::string> find_listed(const std::vector<std::string>& lists) override {
    std::set<std::string> listed;
    for (const auto& tag : lists) {
      try {
        const auto list = destination_->read_manifest(oci::ManifestName::tag(tag));
        for (const auto& entry :
             list ? oci::referrers_in(list->bytes) : std::vector<oci::Descriptor>()) {
          listed.insert(entry.digest.to_string());
        }
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
          throw;
        }
      }
    }
    return listed;
  }

  std::set<std::string> find_damaged(const std::vector<std::string>& there) override {
    return filter(there, [&](const oci::Digest& image) {
      return !shared_.whole_.is_whole(*destination_, route_.destination_name, image);
    });
  }

  void remove_tag(const std::string& tag) override { destination_->remove_tag(tag); }

  void study(const std::string& identity, Portion portion) override {
    static_cast<void>(learn(identity, portion));
  }

  void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) override {
    foresee(identity, asking, Portion::all, on_item);
  }

  void foresee_held(const std::string& identity, Asking asking,
                    const OnProspect& on_item) override {
    if (oci::Digest::find(identity)) {
      {
        const std::lock_guard lock(mutex_);
        held_.insert(identity);
      }
      foresee(identity, asking, Portion::image, on_item);
    }
  }

  [[nodiscard]] std::uint64_t requests_of_tag() const override {
    return shared_.requests(k_per_tag_at_source, k_per_tag_at_destination);
  }
  [[nodiscard]] std::uint64_t requests_of_removal() const override {
    return shared_.requests(0, k_per_removal);
  }

private:
  const OciCopy& how() {
    std::call_once(attaching_, [&] {
      if (how_.referrers) {
        auto tags = list_named_and_attached(*source_);
        how_.tags = {std::move(tags.attached), std::move(tags.subjects)};
      }
    });
    return how_;
  }

  /// The images for which `is_wanted`, which several threads ask.
  std::set<std::string> filter(const std::vector<std::string>& identities,
                               const std::function<bool(const oci::Digest& image)>& is_wanted) {
    std::vector<char> wanted(identities.size()); // no bits, which threads cannot set side by side
    run_parallel(shared_.session_.jobs(), identities.size(), [&](std::size_t i) {
      wanted[i] = is_wanted(digest_of_identity(identities[i])) ? 1 : 0;
    });
    std::set<std::string> result;
    for (std::size_t i = 0; i < identities.size(); ++i) {
      if (wanted[i] != 0) {
        result.insert(identities[i]);
      }
    }
    return result;
  }

  bool has_new_referrer(const oci::Digest& image) {
    try {
      const auto here = source_->referrers(image, how().tags.referrers_tag_of(image));
      if (here.empty()) {
        return false;
      }
      const auto there = destination_->referrers(image, oci::ReferrersTag::unknown);
      {
        const std::lock_guard lock(mutex_);
        for (const auto& referrer : there) {
          followers_there_.insert(referrer.digest.to_string());
        }
      }
      return std::any_of(here.begin(), here.end(), [&](const oci::Descriptor& referrer) {
        const bool is_there = std::any_of(there.begin(), there.end(), [&](const auto& other) {
          return other.digest == referrer.digest;
        });
        // The list may name one that is gone, which no transfer can bring.
        return !is_there && source_->find_manifest(referrer.digest);
      });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      return true;
    }
  }

  using Blobs = std::vector<oci::Descriptor>;

  /// A manifest that goes along with an image.
  struct Follower {
    Blobs blobs;
    bool is_attached = false; ///< has a tag of cosign
    bool is_there = false;    ///< was seen at the destination
  };

  /// The parts of an image of the source, and the manifests that go along with it.
  struct Parts {
    std::vector<oci::Digest> manifests;
    Blobs blobs;
    /// Those that are there first; nothing if they were not asked for.
    std::optional<std::vector<Follower>> followers;
  };

  void foresee(const std::string& identity, Asking asking, Portion portion,
               const OnProspect& on_item) {
    const auto parts = asking == Asking::source ? learn(identity, portion) : find(identity);
    if (!parts) {
      on_item({identity, std::nullopt, false, false, 0, 0});
      return;
    }
    for (const auto& blob : parts->blobs) {
      foresee_blob(blob, 0, on_item);
    }
    if (portion == Portion::image || !parts->followers) {
      return;
    }
    const bool is_held = is_there(held_, identity);
    for (const auto& follower : *parts->followers) {
      if (is_held && follower.is_attached) {
        continue; // there, or planned with its own tag
      }
      for (const auto& blob : follower.blobs) {
        if (follower.is_there) { // and so is what it shares with others
          const auto key = blob.digest.to_string();
          on_item({key, blob.size_bytes, true, true, 0, 0});
          continue;
        }
        const bool tells_manifest = &blob == &follower.blobs.back(); // not with a shared config
        foresee_blob(
            blob,
            tells_manifest ? shared_.requests(k_per_tag_at_source, k_per_tag_at_destination) : 0,
            on_item);
      }
    }
  }

  /// `more_requests` are made besides those for the blob.
  void foresee_blob(const oci::Descriptor& blob, std::uint64_t more_requests,
                    const OnProspect& on_item) {
    const auto key = blob.digest.to_string();
    const bool is_there =
        !shared_.is_destination_remote_ && destination_->find_blob(blob.digest).has_value();
    on_item({key, blob.size_bytes, is_there, true,
             shared_.requests(0, k_to_look_for_blob) + more_requests,
             shared_.requests(k_per_blob_at_source, k_to_put_blob)});
  }

  std::optional<Parts> find(const std::string& identity) {
    const std::lock_guard lock(mutex_);
    const auto* known = known_.find(identity);
    return known == nullptr ? std::nullopt : std::optional(*known);
  }

  /// The parts of an image of the source, with `Portion::all` those that follow it too; nothing if
  /// it cannot be read, which its transfer will report.
  std::optional<Parts> learn(const std::string& identity, Portion portion) {
    auto parts = find(identity);
    const bool asks_followers = portion == Portion::all && how().referrers;
    if (parts && (parts->followers || !asks_followers)) {
      return parts;
    }
    try {
      if (!parts) {
        parts = read_parts(identity);
      }
      if (asks_followers) {
        parts->followers = find_followers(parts->manifests);
      }
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      return std::nullopt;
    }
    const std::lock_guard lock(mutex_);
    known_.put(identity, *parts);
    return parts;
  }

  Parts read_parts(const std::string& identity) {
    Parts parts;
    auto root = narrow(*source_, read_manifest_node(*source_, digest_of_identity(identity)),
                       shared_.how_.platforms);
    for (const auto& node : read_manifest_tree(*source_, std::move(root)).manifests) {
      parts.manifests.push_back(node.document.digest);
      auto more = node.manifest.blobs();
      parts.blobs.insert(parts.blobs.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
    }
    return parts;
  }

  std::vector<Follower> find_followers(const std::vector<oci::Digest>& manifests) {
    std::vector<Follower> followers;
    read_followers(shared_.session_.progress(), *source_, how().tags, manifests,
                   [&](const ManifestTree& follower, const std::string& tag) {
                     for (const auto& node : follower.manifests) {
                       followers.push_back(
                           {node.manifest.blobs(), !tag.empty(),
                            is_there(followers_there_, node.document.digest.to_string())});
                     }
                   });
    std::stable_partition(followers.begin(), followers.end(),
                          [](const Follower& follower) { return follower.is_there; });
    return followers;
  }

  bool is_there(const LimitedSet& there, const std::string& identity) {
    const std::lock_guard lock(mutex_);
    return there.contains(identity);
  }

  /// The digest that the image has at the destination.
  std::string narrowed(const std::string& identity) const {
    const std::lock_guard lock(narrowing_);
    if (const auto* known = narrowed_.find(identity)) {
      return *known;
    }
    const auto node = narrow(*source_, read_manifest_node(*source_, digest_of_identity(identity)),
                             shared_.how_.platforms);
    auto digest = node.document.digest.to_string();
    narrowed_.try_emplace(identity, digest);
    return digest;
  }

  static constexpr std::size_t k_known = 1000;

  OciPassages& shared_;
  std::unique_ptr<OciRepository> source_;
  std::unique_ptr<OciRepository> destination_;
  OciRoute route_;
  OciCopy how_; ///< with what is attached in this repository, once that is known
  std::once_flag attaching_;

  std::mutex mutex_; ///< guards the members below
  LimitedMap<Parts> known_{k_known};
  // Seen at the destination by a plan: images, and manifests that go along with some.
  LimitedSet held_{k_known * 10};
  LimitedSet followers_there_{k_known * 10};
  mutable std::mutex narrowing_; ///< guards the member below
  mutable LimitedMap<std::string> narrowed_{k_known};
};

OciPassages::OciPassages(Session& session, const Side& source, const Side& destination,
                         LearntFacts& facts, const PassageOptions& options)
    : session_(session), facts_(facts),
      options_(options), how_{options.platforms, options.referrers, {}, options.verify_destination},
      places_(options.places == nullptr ? own_places_ : *options.places),
      whole_(destination.is_remote() ? LookAt::sizes : LookAt::bytes),
      is_source_remote_(source.is_remote()), is_destination_remote_(destination.is_remote()),
      is_one_store_(source.identity() == destination.identity()) {
  schema1_.form = options.form;
  schema1_.on_made = [this](const oci::Digest& manifest, const oci::Digest& made) {
    facts_.put(ManifestFact::identity_of(manifest.to_string(), options_.form), made.to_string());
  };
}

std::unique_ptr<Passage> OciPassages::open(std::unique_ptr<OciRepository> source,
                                           const std::string& source_name,
                                           std::unique_ptr<OciRepository> destination,
                                           const std::string& destination_name) {
  return std::make_unique<OciPassage>(*this, std::move(source), std::move(destination), source_name,
                                      destination_name);
}

std::uint64_t OciPassages::requests(std::uint64_t of_source,
                                    std::uint64_t of_destination) const noexcept {
  return (is_source_remote_ ? of_source : 0) + (is_destination_remote_ ? of_destination : 0);
}

} // namespace regctl::ops
