// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace regctl::oci {

namespace {

constexpr const char* k_what = "the list of referrers";

Manifest parse_index(std::string_view index) {
  auto manifest = Manifest::parse(index, {}, k_what);
  if (manifest.kind != Manifest::Kind::index) {
    throw Error(ErrorKind::protocol,
                std::string(k_what) + " is no index but " + manifest.media_type,
                "the tag sha256-… of the subject names something else");
  }
  return manifest;
}

Json empty_index() {
  Json document = Json::object();
  document["schemaVersion"] = 2;
  document["mediaType"] = std::string(k_oci_index);
  document["manifests"] = Json::array();
  return document;
}

std::string print(const Json& document) {
  return dump_json(document);
}

} // namespace

Descriptor referrer_descriptor(const Document& document, const Manifest& manifest) {
  auto descriptor = document.descriptor();
  descriptor.artifact_type = manifest.referrer_type();
  descriptor.annotations = manifest.annotations;
  return descriptor;
}

std::string add_referrer(std::string_view index, const Descriptor& referrer) {
  auto document = index.empty() ? empty_index() : parse_json(index, k_what);
  if (!index.empty()) {
    const auto entries = parse_index(index).manifests;
    if (std::any_of(entries.begin(), entries.end(),
                    [&](const Descriptor& entry) { return entry.digest == referrer.digest; })) {
      return std::string(index);
    }
  }
  auto& list = document["manifests"];
  if (list.is_null()) { // Go writes an empty list so
    list = Json::array();
  }
  list.push_back(referrer.to_json());
  auto bytes = print(document);
  if (bytes.size() > k_manifest_limit_bytes) {
    throw Error(ErrorKind::unsupported,
                std::string(k_what) + " would be larger than " +
                    std::to_string(k_manifest_limit_bytes) + " bytes",
                "remove referrers that are not needed any more");
  }
  return bytes;
}

std::string remove_referrer(std::string_view index, const Digest& digest) {
  const auto entries = parse_index(index).manifests;
  auto document = parse_json(index, k_what);
  Json kept = Json::array();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].digest != digest) {
      kept.push_back(document["manifests"][i]);
    }
  }
  if (kept.size() == entries.size()) {
    return std::string(index);
  }
  document["manifests"] = std::move(kept);
  return print(document);
}

std::vector<Descriptor> referrers_in(std::string_view index) {
  std::vector<Descriptor> entries;
  std::set<Digest> known;
  for (auto& entry : parse_index(index).manifests) {
    if (known.insert(entry.digest).second) {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

} // namespace regctl::oci
