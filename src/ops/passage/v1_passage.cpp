// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/v1_passage.hpp"

#include "ops/passage/v1_fact.hpp"
#include "ops/passage/v1_transfer.hpp"
#include "ops/v1/backed_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <utility>

namespace regctl::ops {

namespace {

/// Nothing for an unreadable image. If it matters, moving the image will fail.
std::optional<V1Fact> read_fact(V1Repository& repository, const std::string& id) {
  try {
    const auto image = repository.find_image(id);
    return image ? std::optional(V1Fact::of(*image, parse_v1_image(image->json))) : std::nullopt;
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    return std::nullopt;
  }
}

ImageCopy way_of_copying(const Side& source, const PassageOptions& options) {
  ImageCopy how;
  how.limits = options.limits;
  how.require_checksum = options.require_checksum;
  if (!source.holds_pushed_layers()) {
    how.plain_layers = PlainLayers::gzip;
    how.unread_layers = UnreadLayers::gzip;
  }
  return how;
}

} // namespace

class V1Passages::V1Passage final : public UnattachedPassage {
  // The number of requests of a run, as V1Transfer, ImageMover and the registry's push make them.
  static constexpr std::uint64_t k_per_tag_at_source = 1;      // its ancestry
  static constexpr std::uint64_t k_per_tag_at_destination = 4; // announcement, tag, end, look
  static constexpr std::uint64_t k_per_image_at_source = 1;    // its JSON
  static constexpr std::uint64_t k_per_image_at_destination = 1;
  static constexpr std::uint64_t k_per_layer_at_source = 1;
  static constexpr std::uint64_t k_per_layer_at_destination = 4; // JSON, layer, sum; check
  static constexpr std::uint64_t k_per_removal = 2;              // the tags, and the removal

public:
  V1Passage(V1Passages& shared, std::unique_ptr<V1Repository> source,
            std::unique_ptr<V1Repository> destination)
      : shared_(shared), source_(std::move(source)), destination_(std::move(destination)),
        backed_(shared.may_lack_bases_ ? make_backed_repository(*source_, *destination_) : nullptr),
        route_{shared.session_, backed_ ? *backed_ : *source_,
               *destination_,   shared.images_,
               shared.facts_,   shared.how_} {}

  [[nodiscard]] bool is_same(const std::string& from, const std::string& there) const override {
    return from == there;
  }

  [[nodiscard]] bool drops_access() const noexcept override { return false; }

  std::optional<std::int64_t> created_at(const std::string& identity) override {
    const auto fact = learn(identity);
    return fact ? fact->created : std::nullopt;
  }

  std::unique_ptr<Transfer> open(const std::string& tag, const std::string& identity) override {
    return make_v1_transfer(route_, tag, identity);
  }

  std::set<std::string> find_damaged(const std::vector<std::string>& there) override {
    std::set<std::string> damaged;
    for (const auto& identity : there) {
      const bool is_whole =
          shared_.whole_.is_whole(*destination_, identity, [&](const std::string& id) {
            const auto fact = learn(id);
            return fact ? fact->parent : std::nullopt;
          });
      if (!is_whole) {
        damaged.insert(identity);
      }
    }
    return damaged;
  }

  void remove_tag(const std::string& tag) override { destination_->remove_tag(tag); }

  void study(const std::string& identity, Portion) override {
    walk_parents(identity, [&](const std::string& id) {
      const auto fact = learn(id);
      return fact ? fact->parent : std::nullopt;
    });
  }

  void foresee(const std::string& identity, Asking asking, const OnProspect& on_item) override {
    std::size_t depth = 0;
    walk_parents(identity, [&](const std::string& id) {
      const auto known = know(id, asking);
      const auto parent = known ? known->parent : std::nullopt;
      const auto size = known ? known->size_bytes : std::nullopt;
      const bool is_loop = ++depth == k_max_chain && parent;        // the run will report the loop
      const auto of_source = size == 0 ? 0 : k_per_layer_at_source; // an empty layer is known
      on_item({id, size, known && known->is_there, known && !is_loop,
               shared_.requests(k_per_image_at_source, k_per_image_at_destination),
               shared_.requests(of_source, k_per_layer_at_destination)});
      return parent;
    });
  }

  void foresee_held(const std::string& identity, Asking asking,
                    const OnProspect& on_item) override {
    foresee(identity, asking, on_item);
  }

  [[nodiscard]] std::uint64_t requests_of_tag() const override {
    return shared_.requests(k_per_tag_at_source, k_per_tag_at_destination);
  }
  [[nodiscard]] std::uint64_t requests_of_removal() const override {
    return shared_.requests(0, k_per_removal);
  }

private:
  /// The facts about an image of the source, remembered or requested.
  std::optional<V1Fact> learn(const std::string& id) {
    if (auto known = find_fact(id)) {
      return known;
    }
    const auto cached = make_cached_repository(*source_, shared_.images_);
    auto fact = read_fact(*cached, id);
    if (fact) {
      shared_.facts_.put(id, fact->to_string());
    }
    return fact;
  }

  std::optional<V1Fact> find_fact(const std::string& id) const {
    const auto text = shared_.facts_.find(id);
    return text ? V1Fact::parse(*text) : std::nullopt;
  }

  std::optional<Known> know(const std::string& id, Asking asking) {
    auto known = shared_.known_.find(id);
    if (!known) {
      known = look_at(id, asking);
      if (known) {
        shared_.known_.add(id, *known);
      }
    }
    return known;
  }

  std::optional<Known> look_at(const std::string& id, Asking asking) {
    if (!shared_.is_destination_remote_) {
      if (const auto fact = read_fact(*destination_, id)) {
        return Known{fact->size_bytes, fact->parent, /*is_there=*/true};
      }
    }
    const auto fact = asking == Asking::source ? learn(id) : find_fact(id);
    return fact ? std::optional(Known{fact->size_bytes, fact->parent}) : std::nullopt;
  }

  V1Passages& shared_;
  std::unique_ptr<V1Repository> source_;
  std::unique_ptr<V1Repository> destination_;
  std::unique_ptr<V1Repository> backed_; // wraps source_ if that may lack bases
  V1Route route_;
};

V1Passages::V1Passages(Session& session, const Side& source, const Side& destination,
                       LearntFacts& facts, const PassageOptions& options)
    : session_(session), facts_(facts), whole_(!destination.is_remote()),
      how_(way_of_copying(source, options)), is_source_remote_(source.is_remote()),
      is_destination_remote_(destination.is_remote()),
      may_lack_bases_(!source.holds_pushed_layers()) {
  how_.whole = options.verify_destination ? &whole_ : nullptr;
}

std::unique_ptr<Passage> V1Passages::open(std::unique_ptr<V1Repository> source,
                                          std::unique_ptr<V1Repository> destination) {
  return std::make_unique<V1Passage>(*this, std::move(source), std::move(destination));
}

std::uint64_t V1Passages::requests(std::uint64_t of_source,
                                   std::uint64_t of_destination) const noexcept {
  return (is_source_remote_ ? of_source : 0) + (is_destination_remote_ ? of_destination : 0);
}

} // namespace regctl::ops
