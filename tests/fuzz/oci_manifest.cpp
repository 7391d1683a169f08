// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/json.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/schema1.hpp>

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
  if (manifest.kind == oci::Manifest::Kind::schema1) {
    try {
      for (const auto& step : read_schema1_chain(document, "it").steps) {
        parse_v1_image(step.json);
      }
    } catch (const Error&) {
      // What is a manifest need not have a chain.
    }
  }
  for (const auto& blob : manifest.blobs()) {
    check(blob);
  }
  for (const auto& child : manifest.manifests) {
    check(child);
  }
}
