// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/passage.hpp"

#include "ops/oci/blob_places.hpp"
#include "ops/passage/layer_fact.hpp"
#include "ops/passage/oci_passage.hpp"
#include "ops/passage/oci_to_v1_passage.hpp"
#include "ops/passage/place_fact.hpp"
#include "ops/passage/v1_fact.hpp"
#include "ops/passage/v1_passage.hpp"
#include "ops/passage/v1_to_oci_passage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/repository.hpp>

#include <utility>

namespace regctl::ops {

Passages::Passages(Session& session, Side& source, Side& destination, LearntFacts& facts,
                   const PassageOptions& options)
    : source_(source), destination_(destination), options_(options),
      v1_(std::make_unique<V1Passages>(session, source, destination, facts, options_)),
      oci_(std::make_unique<OciPassages>(session, source, destination, facts, options_)),
      v1_to_oci_(std::make_unique<V1ToOciPassages>(session, source, destination, facts, options_)),
      oci_to_v1_(std::make_unique<OciToV1Passages>(session, source, destination, facts, options_)) {
}

Passages::~Passages() = default;

bool Passages::makes_images() const noexcept {
  return source_.model() == Model::v1 && destination_.model() == Model::oci;
}

bool Passages::takes_originals() const noexcept {
  return source_.model() == Model::oci && destination_.model() == Model::v1;
}

std::unique_ptr<Passage> Passages::open(const std::string& source_name,
                                        const std::string& destination_name) {
  if (makes_images()) {
    V1ToOciPassages::check_name(destination_name); // before the destination refuses it in its words
  }
  auto source = source_.open(source_name);
  auto destination = destination_.open(destination_name);
  auto* const from_v1 = std::get_if<std::unique_ptr<V1Repository>>(&source);
  auto* const to_v1 = std::get_if<std::unique_ptr<V1Repository>>(&destination);
  if (from_v1 != nullptr && to_v1 != nullptr) {
    return v1_->open(std::move(*from_v1), std::move(*to_v1));
  }
  auto* const from_oci = std::get_if<std::unique_ptr<OciRepository>>(&source);
  auto* const to_oci = std::get_if<std::unique_ptr<OciRepository>>(&destination);
  if (from_oci != nullptr && to_oci != nullptr) {
    return oci_->open(std::move(*from_oci), source_name, std::move(*to_oci), destination_name);
  }
  if (from_v1 != nullptr && to_oci != nullptr) {
    return v1_to_oci_->open(std::move(*from_v1), std::move(*to_oci), destination_name);
  }
  return oci_to_v1_->open(std::move(*from_oci), std::move(*to_v1),
                          open_originals(destination_name));
}

std::unique_ptr<V1Repository> Passages::open_originals(const std::string& destination_name) const {
  if (options_.originals == nullptr) {
    return nullptr;
  }
  const auto& name = options_.originals_name;
  auto repository = options_.originals->open(name.empty() ? destination_name : name);
  return std::move(std::get<std::unique_ptr<V1Repository>>(repository));
}

std::shared_ptr<BlobPlaces> make_blob_places() {
  return std::make_shared<BlobPlaces>();
}

std::shared_ptr<Conversions> make_conversions() {
  return std::make_shared<Conversions>();
}

bool is_fact(std::string_view identity, std::string_view text) {
  if (LayerFact::is_identity(identity)) {
    return LayerFact::is_text(text);
  }
  if (ManifestFact::is_identity(identity)) {
    return oci::Digest::find(text).has_value();
  }
  if (PlaceFact::is_identity(identity)) {
    return PlaceFact::is_text(text);
  }
  return is_v1_id(identity) ? V1Fact::parse(text).has_value()
                            : oci::Digest::find(identity) && DerivedFact::parse(text);
}

} // namespace regctl::ops
