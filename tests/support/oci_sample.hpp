// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/json.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/oci/repository.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace regctl::test {

inline oci::BlobUpload upload_of(const std::string& bytes) {
  return {oci::Digest::of(bytes), bytes.size(), [bytes] { return make_text_source(bytes); }};
}

inline std::string described(const std::string& bytes, std::string_view type) {
  return oci::Descriptor{std::string(type), oci::Digest::of(bytes), bytes.size()}.to_json().dump();
}

/// An image of one layer, whose config and layer differ from those of other names. `members` are
/// further members of its manifest.
struct OciSample {
  explicit OciSample(const std::string& name, const std::string& members = "")
      : OciSample(name, "layer of " + name, oci::k_oci_layer, members) {}

  OciSample(const std::string& name, std::string layer_bytes, std::string_view layer_type,
            const std::string& members = "")
      : config(R"({"architecture":"amd64","os":"linux","author":")" + name +
               R"(","rootfs":{"type":"layers","diff_ids":[")" +
               oci::Digest::of(layer_bytes).to_string() + R"("]}})"),
        layer(std::move(layer_bytes)),
        document(oci::make_document(R"({"schemaVersion":2,"config":)" +
                                        described(config, oci::k_oci_config) + R"(,"layers":[)" +
                                        described(layer, layer_type) + "]" + members + "}",
                                    oci::k_oci_manifest, {}, name)) {}

  void put(OciRepository& repository, const std::optional<std::string>& tag) const {
    repository.put_blob(upload_of(config));
    repository.put_blob(upload_of(layer));
    repository.put_manifest(document, tag);
  }

  std::string config;
  std::string layer;
  oci::Document document;
};

inline oci::Document index_of(const std::vector<oci::Document>& children) {
  Json json = {{"schemaVersion", 2}, {"manifests", Json::array()}};
  for (const auto& child : children) {
    json["manifests"].push_back(child.descriptor().to_json());
  }
  return oci::make_document(json.dump(), oci::k_oci_index, {}, "an index");
}

inline std::set<std::string> tags_of(OciRepository& repository) {
  std::set<std::string> tags;
  repository.list_tags([&](const auto& names) { tags.insert(names.begin(), names.end()); });
  return tags;
}

inline std::string text_of(OciRepository& repository, const oci::Descriptor& blob) {
  return read_text(*repository.open_blob(blob), 1'000'000, "a blob");
}

/// Reads the manifest of a tag, and all that it refers to; returns its digest.
inline oci::Digest read_whole(OciRepository& repository, const oci::ManifestName& name) {
  const auto document = repository.read_manifest(name);
  if (!document) {
    throw Error(ErrorKind::not_found, name.to_string());
  }
  const auto manifest = oci::Manifest::parse(document->bytes, document->media_type, "a manifest");
  for (const auto& child : manifest.manifests) {
    read_whole(repository, oci::ManifestName(child.digest));
  }
  for (const auto& blob : manifest.blobs()) {
    text_of(repository, blob);
  }
  return document->digest;
}

} // namespace regctl::test
