// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/v1_to_oci_passage.hpp"

#include "ops/convert/chain_fault.hpp"
#include "ops/convert/made_image.hpp"
#include "ops/convert/rescue.hpp"
#include "ops/passage/layer_fact.hpp"
#include "ops/places/oci_side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <cstddef>
#include <mutex>
#include <utility>

namespace regctl::ops {

class V1ToOciPassages::V1ToOciPassage final : public UnattachedPassage {
  // The number of requests of a run, as V1ToOciTransfer makes them.
  static constexpr std::uint64_t k_per_tag_at_source = 1;      // its ancestry
  static constexpr std::uint64_t k_per_tag_at_destination = 4; // config thrice, manifest
  static constexpr std::uint64_t k_per_image_at_source = 1;    // its JSON
  static constexpr std::uint64_t k_per_layer_at_source = 1;
  static constexpr std::uint64_t k_to_look_for_layer = 1; // where its digest is known beforehand
  static constexpr std::uint64_t k_to_put_layer = 3;
  static constexpr std::uint64_t k_per_removal = 1;

public:
  V1ToOciPassage(V1ToOciPassages& shared, std::unique_ptr<V1Repository> source,
                 std::unique_ptr<OciRepository> destination, const std::string& destination_name)
      : shared_(shared), source_(std::move(source)),
        cached_(make_cached_repository(*source_, shared.images_)),
        destination_(std::move(destination)), route_{shared.session_,
                                                     *cached_,
                                                     *destination_,
                                                     destination_name,
                                                     shared.places_,
                                                     shared.options_.form,
                                                     Progress::Verb::copying,
                                                     shared.options_.limits,
                                                     LayerCheck::verify,
                                                     shared.options_.require_checksum,
                                                     [this](const auto& made) { remember(made); },
                                                     known_layers(),
                                                     [this](const auto& of) { return recall(of); },
                                                     shared.options_.verify_destination
                                                         ? &shared.whole_
                                                         : nullptr} {
    route_.assumed = assumed_platform(shared.options_.platforms);
    route_.docker = &shared.conversions_.docker;
    route_.on_bad_layer = [this](const auto& id, ErrorKind why) {
      if (why == ErrorKind::local_io) {
        shared_.note_unreadable(id);
      }
    };
  }

  [[nodiscard]] bool is_same(const std::string& from, const std::string& there) const override {
    const auto fact = manifest_fact_of(from);
    if (shared_.facts_.find(fact) == there) {
      return true;
    }
    if (shared_.options_.form != OciForm::oci || !was_made_from(there, from)) {
      return false;
    }
    shared_.facts_.put(fact, there); // the next run need not ask
    return true;
  }

  [[nodiscard]] bool drops_access() const noexcept override { return true; }

  std::optional<std::int64_t> created_at(const std::string& identity) override {
    try {
      const auto image = cached_->find_image(identity);
      return image ? parse_rfc3339(parse_v1_image(image->json).created) : std::nullopt;
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      return std::nullopt;
    }
  }

  /// Without any state the manifests are read, since they say what they were made from.
  void prepare(ListedTags& destination) override {
    if (shared_.options_.form != OciForm::oci || !shared_.knows_nothing_) {
      return;
    }
    destination.identify_by([this](const std::vector<std::string>& tags) {
      return identify_each(shared_.session_, *destination_, tags,
                           [this](const std::string& tag) { return read_mark_of(tag); });
    });
  }

  std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) override {
    return make_v1_to_oci_transfer(route_, shared_.conversions_.layers, identity, tag);
  }

  std::optional<ImageFault> find_fault(const std::string& id, FaultSearch search) override {
    auto fault = find_chain_fault(route_, id, search);
    return fault ? std::move(fault) : find_unreadable(id);
  }

  std::string rescue(const std::string& tag, const std::string& id) override {
    return rescue_image(route_, shared_.conversions_.layers, id, tag) == Rescue::nothing
               ? ""
               : rescued_tag(tag);
  }

  std::set<std::string> find_damaged(const std::vector<std::string>& there) override {
    std::set<std::string> damaged;
    for (const auto& identity : there) {
      const auto image = oci::Digest::find(identity);
      if (image && !shared_.whole_.is_whole(*destination_, route_.destination_name, *image)) {
        damaged.insert(identity);
      }
    }
    return damaged;
  }

  void remove_tag(const std::string& tag) override { destination_->remove_tag(tag); }

  std::shared_ptr<const MadeImage> find_made(const std::string& tag,
                                             const std::optional<std::string>& id) override {
    return find_made_image(shared_.session_, *cached_, *destination_, tag, id);
  }

  void study(const std::string& identity, Portion) override {
    walk_parents(identity, [&](const std::string& id) {
      const auto known = learn(id);
      return known ? known->parent : std::nullopt;
    });
  }

  /// The sizes are those of the stored layers, which the run reads.
  void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) override {
    std::size_t depth = 0;
    walk_parents(identity, [&](const std::string& id) {
      const auto known = asking == Asking::source ? learn(id) : shared_.known_.find(id);
      const auto parent = known ? known->parent : std::nullopt;
      const bool is_loop = ++depth == k_max_chain && parent; // the run will report the loop
      const bool has_digest = known && known->blob;
      on_item({id, known ? known->size_bytes : std::nullopt, known && is_there(*known),
               known && !is_loop,
               shared_.requests(k_per_image_at_source, has_digest ? k_to_look_for_layer : 0),
               shared_.requests(k_per_layer_at_source, k_to_put_layer)});
      return parent;
    });
  }

  /// A run reads the layers of such an image again, unless the state knows them.
  void foresee_held(const std::string&, Asking, const OnProspect&) override {}

  [[nodiscard]] std::uint64_t requests_of_tag() const override {
    return shared_.requests(k_per_tag_at_source, k_per_tag_at_destination);
  }
  [[nodiscard]] std::uint64_t requests_of_removal() const override {
    return shared_.requests(0, k_per_removal);
  }

private:
  KnownLayers known_layers() {
    const auto form = shared_.options_.form;
    return {[this, form](const V1Image& image) -> std::optional<ConvertedLayer> {
              const auto text = shared_.facts_.find(LayerFact::identity_of(image.id, form));
              return text ? LayerFact::find(*text, image, form) : std::nullopt;
            },
            [this, form](const V1Image& image, const ConvertedLayer& layer) {
              if (const auto text = LayerFact::print(image, layer)) {
                shared_.facts_.put(LayerFact::identity_of(image.id, form), *text);
              }
            }};
  }

  /// The lowest image of the chain whose layer the source could not read in this run.
  std::optional<ImageFault> find_unreadable(const std::string& top) {
    std::optional<ImageFault> lowest;
    if (shared_.is_source_remote_) {
      return lowest;
    }
    walk_parents(top, [&](const std::string& id) {
      if (shared_.is_unreadable(id)) {
        lowest = ImageFault{k_layer_unreadable, id};
      }
      const auto known = learn(id);
      return known ? known->parent : std::nullopt;
    });
    return lowest;
  }

  /// The facts about an image of the source, remembered or requested; nothing for an unreadable
  /// one. If it matters, converting the image will fail.
  std::optional<Known> learn(const std::string& id) {
    auto known = shared_.known_.find(id);
    if (known) {
      return known;
    }
    try {
      const auto image = cached_->find_image(id);
      if (!image) {
        return std::nullopt;
      }
      const auto converted = route_.known.find(*image);
      known = Known{image->layer_size_bytes, parse_v1_image(image->json).parent,
                    converted.has_value(), std::nullopt};
      if (converted && converted->blob) {
        known->blob = converted->blob->digest;
      }
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      return std::nullopt;
    }
    shared_.known_.add(id, *known);
    return known;
  }

  /// Whether the layer need not move: an earlier run converted it, and a destination that can be
  /// looked at without requests has it still.
  [[nodiscard]] bool is_there(const Known& image) const {
    return image.is_converted && (!image.blob || shared_.is_destination_remote_ ||
                                  destination_->find_blob(*image.blob).has_value());
  }

  /// The digest of a tag at the destination, whose mark is kept for was_made_from().
  std::optional<oci::Digest> read_mark_of(const std::string& tag) {
    const auto document = destination_->read_manifest(oci::ManifestName::tag(tag));
    if (!document) {
      return std::nullopt;
    }
    auto mark = read_mark(*document, destination_->describe() + ":" + tag);
    const std::lock_guard lock(mutex_);
    marks_.try_emplace(document->digest.to_string(), std::move(mark));
    return document->digest;
  }

  /// Whether a manifest of the destination is what the image becomes.
  bool was_made_from(const std::string& there, const std::string& id) const {
    bool is_known = false;
    std::optional<ConversionMark> mark;
    {
      const std::lock_guard lock(mutex_);
      if (const auto* found = marks_.find(there)) {
        is_known = true;
        mark = *found;
      }
    }
    if (is_known) {
      return mark && mark->id == id && is_conversion(route_, *mark);
    }
    const auto digest = oci::Digest::find(there);
    return digest && find_conversion(route_, id, *digest);
  }

  /// What an image became for these options, even if that is another form than the wanted one.
  [[nodiscard]] std::string manifest_fact_of(const std::string& id) const {
    return ManifestFact::identity_of(id, shared_.options_.form, route_.assumed);
  }

  /// The manifest that an earlier run made of an image.
  [[nodiscard]] std::optional<oci::Digest> recall(const std::string& id) const {
    const auto text = shared_.facts_.find(manifest_fact_of(id));
    return text ? oci::Digest::find(*text) : std::nullopt;
  }

  void remember(const MadeImage& made) {
    shared_.facts_.put(manifest_fact_of(made.id), made.digest.to_string());
  }

  static constexpr std::size_t k_known = 10'000;

  V1ToOciPassages& shared_;
  std::unique_ptr<V1Repository> source_;
  std::unique_ptr<V1Repository> cached_; ///< source_, its images read once
  std::unique_ptr<OciRepository> destination_;
  ConvertRoute route_;
  mutable std::mutex mutex_; ///< guards the member below
  /// Of manifests of the destination.
  LimitedMap<std::optional<ConversionMark>> marks_{k_known};
};

V1ToOciPassages::V1ToOciPassages(Session& session, const Side& source, const Side& destination,
                                 LearntFacts& facts, const PassageOptions& options)
    : session_(session), facts_(facts), options_(options),
      conversions_(options.conversions == nullptr ? own_conversions_ : *options.conversions),
      places_(options.places == nullptr ? own_places_ : *options.places),
      whole_(destination.is_remote() ? LookAt::sizes : LookAt::bytes),
      knows_nothing_(facts.empty()), is_source_remote_(source.is_remote()),
      is_destination_remote_(destination.is_remote()) {}

void V1ToOciPassages::check_name(const std::string& name) {
  if (!v2_paths::is_nameable_repository(name)) {
    throw Error(ErrorKind::usage, "no v2 registry takes the name " + name,
                "give it another one: --rename '" + name + "=" +
                    v2_paths::propose_repository(name) + "'");
  }
}

std::unique_ptr<Passage> V1ToOciPassages::open(std::unique_ptr<V1Repository> source,
                                               std::unique_ptr<OciRepository> destination,
                                               const std::string& destination_name) {
  return std::make_unique<V1ToOciPassage>(*this, std::move(source), std::move(destination),
                                          destination_name);
}

void V1ToOciPassages::note_unreadable(const std::string& id) {
  const std::lock_guard lock(mutex_);
  unreadable_.insert(id);
}

bool V1ToOciPassages::is_unreadable(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return unreadable_.contains(id);
}

std::uint64_t V1ToOciPassages::requests(std::uint64_t of_source,
                                        std::uint64_t of_destination) const noexcept {
  return (is_source_remote_ ? of_source : 0) + (is_destination_remote_ ? of_destination : 0);
}

} // namespace regctl::ops
