// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/throw_away.hpp"

#include "registry/v2/manifests.hpp"
#include "registry/v2/upload.hpp"

#include <regctl/base/json.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <random>
#include <string_view>

namespace regctl::registry::v2 {

namespace {

std::string random_text() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; ++i) {
    text += std::to_string(device());
  }
  return text;
}

} // namespace

oci::Digest put_throw_away(AuthorizedSession& session, const std::string& tag) {
  constexpr std::string_view k_empty_object = "{}";
  const oci::BlobUpload upload{oci::Digest::of(k_empty_object), k_empty_object.size(),
                               [=] { return make_view_source(k_empty_object); }};
  const auto blob = put_blob(session, upload);
  const oci::Descriptor empty{std::string(oci::k_empty), blob.digest, blob.size_bytes};
  const Json document = {{"schemaVersion", 2},
                         {"mediaType", oci::k_oci_manifest},
                         {"config", empty.to_json()},
                         {"layers", Json::array({empty.to_json()})},
                         {"annotations", {{"regctl.removed", random_text()}}}};
  const auto manifest = oci::make_document(document.dump(), oci::k_oci_manifest, std::nullopt,
                                           "the throw-away manifest");
  put_manifest(session, manifest, oci::ManifestName::tag(tag));
  return manifest.digest;
}

} // namespace regctl::registry::v2
