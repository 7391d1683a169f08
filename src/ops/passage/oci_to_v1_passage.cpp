// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/oci_to_v1_passage.hpp"

#include "ops/convert/derived_image.hpp"
#include "ops/convert/layer_conversion.hpp"
#include "ops/convert/originals.hpp"
#include "ops/places/oci_side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/time.hpp>
#include <regctl/ops/problem.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

/// The facts about the chain of an image that a plan needs.
struct KnownChain {
  struct Step {
    std::string id;
    std::uint64_t size_bytes = 0; ///< of the blob; of a step without one that of the empty layer
    bool has_layer = false;
  };
  std::vector<Step> steps; ///< base first
  std::optional<std::int64_t> created;
  std::optional<std::string> original_id; ///< of the v1 image from which it says it was made
};

KnownChain to_known(const DerivedImage& image) {
  KnownChain known;
  for (const auto& step : image.chain.images) {
    known.steps.push_back({step.id,
                           step.layer_index ? image.manifest.layers[*step.layer_index].size_bytes
                                            : empty_layer_gzip().size(),
                           step.layer_index.has_value()});
  }
  known.original_id = original_id_of(image);
  known.created = parse_rfc3339(parse_v1_image(image.chain.images.back().json).created);
  return known;
}

} // namespace

class OciToV1Passages::OciToV1Passage final : public UnattachedPassage {
  // The number of requests of a run, as OciToV1Transfer and the registry's push make them.
  static constexpr std::uint64_t k_per_tag_at_source = 2;      // manifest and config
  static constexpr std::uint64_t k_per_tag_at_destination = 4; // announcement, tag, end, look
  static constexpr std::uint64_t k_per_image_at_destination = 1;
  static constexpr std::uint64_t k_per_layer_at_source = 1;
  static constexpr std::uint64_t k_per_layer_at_destination = 4; // JSON, layer, sum; check
  static constexpr std::uint64_t k_per_removal = 2;              // the tags, and the removal

public:
  OciToV1Passage(OciToV1Passages& shared, std::unique_ptr<OciRepository> source,
                 std::unique_ptr<V1Repository> destination, std::unique_ptr<V1Repository> originals)
      : shared_(shared), source_(std::move(source)), destination_(std::move(destination)),
        originals_(std::move(originals)), route_{shared.session_,
                                                 *source_,
                                                 *destination_,
                                                 shared.said_,
                                                 shared.deriver_,
                                                 shared.options_.platforms,
                                                 PlainLayers::gzip,
                                                 Progress::Verb::copying,
                                                 shared.options_.limits,
                                                 originals_.get(),
                                                 shared.options_.verify_destination ? &shared.whole_
                                                                                    : nullptr} {}

  [[nodiscard]] bool is_same(const std::string& from, const std::string& there) const override {
    // A fact of another ID may be that of another destination, where the original was.
    if (!originals_ && find_fact(from) == there) {
      return true;
    }
    const auto known = learn(from);
    if (known && known->steps.back().id == there) {
      if (!originals_) {
        remember(from, there);
      }
      return !originals_ || !known->original_id || !has_originals(*originals_, from);
    }
    if (known && known->original_id == there && has_originals(*destination_, from)) {
      remember(from, there);
      return true;
    }
    return false;
  }

  [[nodiscard]] bool drops_access() const noexcept override { return false; }

  std::optional<std::int64_t> created_at(const std::string& identity) override {
    const auto known = learn(identity);
    return known ? known->created : std::nullopt;
  }

  std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) override {
    return make_oci_to_v1_transfer(
        route_, digest_of_identity(identity), tag,
        [this, identity](const std::string& id) { remember(identity, id); });
  }

  /// An image that is gone tells nothing of those below it: its transfer looks for them.
  std::set<std::string> find_damaged(const std::vector<std::string>& there) override {
    std::set<std::string> damaged;
    for (const auto& identity : there) {
      if (!shared_.whole_.is_whole(*destination_, identity,
                                   [](const std::string&) { return std::nullopt; })) {
        damaged.insert(identity);
      }
    }
    return damaged;
  }

  void remove_tag(const std::string& tag) override { destination_->remove_tag(tag); }

  void study(const std::string& identity, Portion) override { static_cast<void>(learn(identity)); }

  void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) override {
    const auto known = asking == Asking::source ? learn(identity) : find(identity);
    if (!known) {
      on_item({identity, std::nullopt, false, false, 0, 0});
      return;
    }
    for (auto step = known->steps.rbegin(); step != known->steps.rend(); ++step) {
      const bool is_there = !shared_.is_destination_remote_ && is_complete(step->id);
      on_item({step->id, step->size_bytes, is_there, true,
               shared_.requests(0, k_per_image_at_destination),
               shared_.requests(step->has_layer ? k_per_layer_at_source : 0,
                                k_per_layer_at_destination)});
    }
  }

  /// What lies below an image of the destination shows only if it was derived in this run.
  void foresee_held(const std::string& identity, Asking, const OnProspect& on_item) override {
    std::string manifest;
    {
      const std::lock_guard lock(mutex_);
      const auto* found = by_top_.find(identity);
      manifest = found == nullptr ? "" : *found;
    }
    if (!manifest.empty()) {
      foresee(manifest, Asking::nobody, on_item);
    }
  }

  [[nodiscard]] std::uint64_t requests_of_tag() const override {
    return shared_.requests(k_per_tag_at_source, k_per_tag_at_destination);
  }
  [[nodiscard]] std::uint64_t requests_of_removal() const override {
    return shared_.requests(0, k_per_removal);
  }

private:
  bool is_complete(const std::string& id) const {
    return destination_->look_up(id).state == V1ImageState::complete;
  }

  /// Whether the store has the v1 images from which the manifest was made.
  bool has_originals(V1Repository& store, const std::string& identity) const {
    const auto image = shared_.deriver_.derive(
        *source_, read_manifest_node(*source_, digest_of_identity(identity)),
        shared_.options_.platforms);
    return find_originals(shared_.session_, store, image).has_value();
  }

  void remember(const std::string& identity, const std::string& id) const {
    shared_.facts_.put(identity, DerivedFact{shared_.platform_, id}.to_string());
  }

  std::optional<std::string> find_fact(const std::string& identity) const {
    const auto text = shared_.facts_.find(identity);
    const auto fact = text ? DerivedFact::parse(*text) : std::nullopt;
    return fact && fact->platform == shared_.platform_ ? std::optional(fact->id) : std::nullopt;
  }

  std::optional<KnownChain> find(const std::string& identity) const {
    const std::lock_guard lock(mutex_);
    const auto* known = known_.find(identity);
    return known == nullptr ? std::nullopt : std::optional(*known);
  }

  /// The chain that a manifest of the source becomes; nothing if it becomes none, which its
  /// transfer will report.
  std::optional<KnownChain> learn(const std::string& identity) const {
    if (auto known = find(identity)) {
      return known;
    }
    KnownChain known;
    try {
      known = to_known(shared_.deriver_.derive(
          *source_, read_manifest_node(*source_, digest_of_identity(identity)),
          shared_.options_.platforms));
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      return std::nullopt;
    }
    const auto& top = known.steps.back().id;
    if (!known.original_id) { // else the destination decides which ID it gets
      remember(identity, top);
    }
    const std::lock_guard lock(mutex_);
    by_top_.try_emplace(top, identity);
    known_.try_emplace(identity, known);
    return known;
  }

  static constexpr std::size_t k_known = 1000;

  OciToV1Passages& shared_;
  std::unique_ptr<OciRepository> source_;
  std::unique_ptr<V1Repository> destination_;
  std::unique_ptr<V1Repository> originals_; ///< null if none are named
  BackRoute route_;
  mutable std::mutex mutex_; ///< guards the members below
  mutable LimitedMap<KnownChain> known_{k_known};
  mutable LimitedMap<std::string> by_top_{k_known}; ///< manifests, by the ID of their top image
};

std::optional<DerivedFact> DerivedFact::parse(std::string_view text) {
  const auto space = text.rfind(' ');
  if (space == std::string_view::npos || space == 0 || !is_v1_id(text.substr(space + 1))) {
    return std::nullopt;
  }
  return DerivedFact{std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
}

OciToV1Passages::OciToV1Passages(Session& session, const Side& source, const Side& destination,
                                 LearntFacts& facts, const PassageOptions& options)
    : session_(session), facts_(facts), options_(options), deriver_(session),
      whole_(!destination.is_remote()),
      platform_(options.platforms.empty() ? "-" : options.platforms.front().to_string()),
      is_source_remote_(source.is_remote()), is_destination_remote_(destination.is_remote()) {}

std::unique_ptr<Passage> OciToV1Passages::open(std::unique_ptr<OciRepository> source,
                                               std::unique_ptr<V1Repository> destination,
                                               std::unique_ptr<V1Repository> originals) {
  if (options_.platforms.size() > 1) {
    throw Error(ErrorKind::usage, "a v1 image is for one platform",
                "name one of them with --platform");
  }
  return std::make_unique<OciToV1Passage>(*this, std::move(source), std::move(destination),
                                          std::move(originals));
}

std::uint64_t OciToV1Passages::requests(std::uint64_t of_source,
                                        std::uint64_t of_destination) const noexcept {
  return (is_source_remote_ ? of_source : 0) + (is_destination_remote_ ? of_destination : 0);
}

} // namespace regctl::ops
