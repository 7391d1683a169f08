// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/place_fact.hpp"

#include <regctl/formats/v2_paths.hpp>

namespace regctl::ops {

namespace {

constexpr char k_place_mark = '@';

} // namespace

std::string PlaceFact::identity_of(const oci::Digest& digest) {
  return digest.to_string() + k_place_mark;
}

bool PlaceFact::is_identity(std::string_view identity) {
  return identity.ends_with(k_place_mark) &&
         oci::Digest::find(identity.substr(0, identity.size() - 1));
}

bool PlaceFact::is_text(std::string_view text) {
  return v2_paths::is_legal_repository(std::string(text));
}

RememberedPlaces::RememberedPlaces(BlobPlaces& places, LearntFacts& facts) : places_(places) {
  places_.remember_by(
      {[&facts](const oci::Digest& digest) { return facts.find(PlaceFact::identity_of(digest)); },
       [&facts](const oci::Digest& digest, const std::string& repository) {
         facts.put(PlaceFact::identity_of(digest), repository);
       }});
}

RememberedPlaces::~RememberedPlaces() {
  places_.remember_by({});
}

} // namespace regctl::ops
