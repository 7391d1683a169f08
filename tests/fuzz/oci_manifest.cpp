// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/json.hpp>
#include <regctl/model/oci/manifest.hpp>

using namespace regctl;

namespace {

void check(const oci::Descriptor& descriptor) {
  const auto printed = descriptor.to_json().dump();
  if (oci::Descriptor::parse(parse_json(printed, "it"), "it") != descriptor) {
    __builtin_trap(); // to_json() undoes parse()
  }
}

} // namespace

void fuzz(const std::string& input) {
  const auto document = oci::make_document(input, "", std::nullopt, "it");
  const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, "it");
  // The type that was found is one that a store may say, with the same digest.
  if (manifest.media_type != document.media_type ||
      oci::make_document(input, document.media_type, document.digest, "it").bytes != input) {
    __builtin_trap();
  }
  for (const auto& blob : manifest.blobs()) {
    check(blob);
  }
  for (const auto& child : manifest.manifests) {
    check(child);
  }
}
