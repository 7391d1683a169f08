// SPDX-License-Identifier: Apache-2.0
#include "model/oci/members.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <limits>

namespace regctl::oci {

namespace {

// Source: BuildKit, docs/attestations/attestation-storage.md.
constexpr std::string_view k_reference_type = "vnd.docker.reference.type";
constexpr std::string_view k_attestation = "attestation-manifest";
constexpr std::string_view k_reference_digest = "vnd.docker.reference.digest";

std::optional<Platform> read_platform(const Json& value) {
  const auto* member = find_member(value, "platform");
  if (member == nullptr || !member->is_object()) {
    return std::nullopt;
  }
  Platform platform{text_of(*member, "os"), text_of(*member, "architecture"),
                    text_of(*member, "variant"), text_of(*member, "os.version"),
                    texts_of(*member, "os.features")};
  return platform.os.empty() && platform.architecture.empty() ? std::nullopt
                                                              : std::optional(platform);
}

std::optional<std::string> read_data(const Json& value, const std::string& where) {
  const auto* member = find_member(value, "data");
  if (member == nullptr) {
    return std::nullopt;
  }
  const auto* text = member->get_ptr<const std::string*>();
  if (text == nullptr) {
    throw Error(ErrorKind::protocol, where + ".data is no text");
  }
  try {
    return base64_decode(*text);
  } catch (const Error& error) {
    throw Error(error.kind(), where + ".data is " + error.message());
  }
}

Json print_platform(const Platform& platform) {
  Json json = Json::object();
  json["architecture"] = platform.architecture;
  json["os"] = platform.os;
  if (!platform.os_version.empty()) {
    json["os.version"] = platform.os_version;
  }
  if (!platform.os_features.empty()) {
    json["os.features"] = platform.os_features;
  }
  if (!platform.variant.empty()) {
    json["variant"] = platform.variant;
  }
  return json;
}

} // namespace

Descriptor Descriptor::parse(const Json& value, const std::string& where) {
  if (!value.is_object()) {
    throw Error(ErrorKind::protocol, where + " is no object");
  }
  Descriptor descriptor{
      .media_type = text_of(value, "mediaType"),
      .digest = Digest::parse(required_string(value, "digest", where), where + ".digest"),
      .size_bytes = required_size(value, "size", where)};
  if (descriptor.size_bytes >
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorKind::protocol, where + ".size is too large");
  }
  descriptor.urls = texts_of(value, "urls");
  descriptor.annotations = pairs_of(value, "annotations");
  descriptor.data = read_data(value, where);
  descriptor.platform = read_platform(value);
  descriptor.artifact_type = text_of(value, "artifactType");
  return descriptor;
}

Json Descriptor::to_json() const {
  Json json = Json::object();
  if (!media_type.empty()) {
    json["mediaType"] = media_type;
  }
  json["digest"] = digest.to_string();
  json["size"] = size_bytes;
  if (!urls.empty()) {
    json["urls"] = urls;
  }
  if (!annotations.empty()) {
    json["annotations"] = annotations;
  }
  if (data) {
    json["data"] = base64_encode(*data);
  }
  if (platform) {
    json["platform"] = print_platform(*platform);
  }
  if (!artifact_type.empty()) {
    json["artifactType"] = artifact_type;
  }
  return json;
}

bool may_be_elsewhere(const Descriptor& blob) {
  return !blob.urls.empty() || is_foreign_layer(blob.media_type);
}

bool may_be_blob(const Descriptor& child) {
  return !child.media_type.empty() && !is_manifest(child.media_type);
}

std::string annotation(const Descriptor& descriptor, std::string_view name) {
  const auto found = descriptor.annotations.find(std::string(name));
  return found == descriptor.annotations.end() ? std::string() : found->second;
}

std::string annotation(const Json& descriptor, std::string_view name) {
  const auto* annotations = find_member(descriptor, "annotations");
  return annotations == nullptr ? "" : optional_string(*annotations, name).value_or("");
}

bool is_attestation(const Descriptor& manifest) {
  return annotation(manifest, k_reference_type) == k_attestation;
}

std::optional<Digest> attested_digest(const Descriptor& manifest) {
  return Digest::find(annotation(manifest, k_reference_digest));
}

bool is_attestation(const Json& descriptor) {
  return annotation(descriptor, k_reference_type) == k_attestation;
}

} // namespace regctl::oci
