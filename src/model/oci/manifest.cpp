// SPDX-License-Identifier: Apache-2.0
#include "model/oci/members.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/manifest.hpp>

#include <algorithm>
#include <set>

namespace regctl::oci {

namespace {

bool has(const Json& document, std::string_view name) {
  return find_member(document, name) != nullptr;
}

/// The type of a manifest that does not say it. Source: distribution-spec 1.1 leaves it to clients;
/// ECR and old tools leave mediaType out.
std::string_view guess_type(const Json& document, const std::string& what) {
  if (has(document, "manifests")) {
    return k_oci_index;
  }
  if (has(document, "config") || has(document, "layers")) {
    return k_oci_manifest;
  }
  const auto* version = find_member(document, "schemaVersion");
  if (version != nullptr && *version == 1) {
    return has(document, "signatures") ? k_schema1_signed : k_schema1;
  }
  throw Error(ErrorKind::protocol,
              what + " is no manifest: it has neither manifests nor config and layers");
}

std::string type_of(const Json& document, std::string_view told, const std::string& what) {
  const auto stored = bare_media_type(told);
  const auto own = text_of(document, "mediaType");
  if (is_manifest(stored)) {
    // Both forms of schema 1 are one document.
    const bool are_schema1 = is_schema1(stored) && is_schema1(own);
    if (!own.empty() && own != stored && !are_schema1) {
      throw Error(ErrorKind::protocol,
                  what + " is said to be " + stored + ", and its mediaType says " + excerpt(own));
    }
    return stored;
  }
  return is_manifest(own) ? own : std::string(guess_type(document, what));
}

std::vector<Descriptor> read_list(const Json& document, std::string_view name,
                                  const std::string& what) {
  std::vector<Descriptor> descriptors;
  const auto* list = find_member(document, name);
  if (list == nullptr) {
    return descriptors; // absent or null: Go writes an empty list so
  }
  const auto where = what + ": " + std::string(name);
  if (!list->is_array()) {
    throw Error(ErrorKind::protocol, where + " is no list");
  }
  descriptors.reserve(list->size());
  for (const auto& value : *list) {
    descriptors.push_back(
        Descriptor::parse(value, where + "[" + std::to_string(descriptors.size()) + "]"));
  }
  return descriptors;
}

std::optional<Descriptor> read_one(const Json& document, std::string_view name,
                                   const std::string& what) {
  const auto* member = find_member(document, name);
  return member == nullptr
             ? std::nullopt
             : std::optional(Descriptor::parse(*member, what + ": " + std::string(name)));
}

/// Throws if the document has the members of another kind. Else the peers that read it could take
/// it for different images. Source: image-spec 1.1, manifest.md and image-index.md;
/// CVE-2021-41190.
void refuse_two_kinds(const Json& document, const std::string& media_type,
                      const std::string& what) {
  std::vector<std::string_view> foreign = {"manifests", "fsLayers"};
  if (is_index(media_type)) {
    foreign = {"config", "layers", "fsLayers"};
  } else if (is_schema1(media_type)) {
    foreign = {"manifests", "config", "layers"};
  }
  for (const auto& name : foreign) {
    if (has(document, name)) {
      throw Error(ErrorKind::protocol, what + " is of type " + media_type + " and has " +
                                           std::string(name) + ", as another kind of manifest");
    }
  }
}

/// The layers of schema 1, which it lists newest first and without sizes.
std::vector<Descriptor> read_schema1_layers(const Json& document, const std::string& what) {
  std::vector<Descriptor> layers;
  const auto* list = find_member(document, "fsLayers");
  if (list == nullptr || !list->is_array()) {
    throw Error(ErrorKind::protocol, what + ": fsLayers is no list");
  }
  for (const auto& entry : *list) {
    const auto where = what + ": fsLayers[" + std::to_string(layers.size()) + "]";
    layers.push_back(
        {.media_type = std::string(k_docker_layer),
         .digest = Digest::parse(required_string(entry, "blobSum", where), where + ".blobSum")});
  }
  std::reverse(layers.begin(), layers.end());
  return layers;
}

} // namespace

Manifest Manifest::parse(std::string_view bytes, std::string_view media_type,
                         const std::string& what) {
  if (bytes.size() > k_manifest_limit_bytes) {
    throw Error(ErrorKind::protocol,
                what + " is larger than " + std::to_string(k_manifest_limit_bytes) + " bytes");
  }
  const auto document = parse_json(bytes, what);
  if (!document.is_object()) {
    throw Error(ErrorKind::protocol, what + " is no JSON object");
  }
  Manifest manifest;
  manifest.media_type = type_of(document, media_type, what);
  refuse_two_kinds(document, manifest.media_type, what);
  manifest.artifact_type = text_of(document, "artifactType");
  manifest.annotations = pairs_of(document, "annotations");
  if (is_schema1(manifest.media_type)) {
    manifest.kind = Kind::schema1;
    manifest.layers = read_schema1_layers(document, what);
    return manifest;
  }
  manifest.subject = read_one(document, "subject", what);
  if (is_index(manifest.media_type)) {
    manifest.kind = Kind::index;
    manifest.manifests = read_list(document, "manifests", what);
    return manifest;
  }
  manifest.config = read_one(document, "config", what);
  const bool is_artifact = manifest.media_type == k_oci_artifact;
  if (!manifest.config && !is_artifact) {
    throw Error(ErrorKind::protocol, what + ": config is missing");
  }
  manifest.layers = read_list(document, is_artifact ? "blobs" : "layers", what);
  return manifest;
}

std::string Manifest::referrer_type() const {
  return artifact_type.empty() && config ? config->media_type : artifact_type;
}

std::vector<Descriptor> Manifest::blobs() const {
  std::vector<Descriptor> blobs;
  std::set<Digest> known;
  const auto add = [&](const Descriptor& blob) {
    if (known.insert(blob.digest).second) {
      blobs.push_back(blob);
    }
  };
  if (config) {
    add(*config);
  }
  std::for_each(layers.begin(), layers.end(), add);
  return blobs;
}

Document make_document(std::string bytes, std::string_view media_type,
                       const std::optional<Digest>& expected, const std::string& what) {
  const auto algorithm = expected ? expected->algorithm() : DigestAlgorithm::sha256;
  const auto check = [&](const Digest& digest) {
    if (expected && digest != *expected) {
      throw Error(ErrorKind::integrity, what + " has digest " + digest.to_string() +
                                            " instead of " + expected->to_string());
    }
  };
  try {
    const auto manifest = Manifest::parse(bytes, media_type, what);
    auto digest = Digest::of(payload_of(bytes, manifest.media_type, what), algorithm);
    check(digest);
    return {manifest.media_type, std::move(digest), std::move(bytes)};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::protocol) {
      check(Digest::of(bytes, algorithm)); // bytes that were changed need not be a manifest
    }
    throw;
  }
}

} // namespace regctl::oci
