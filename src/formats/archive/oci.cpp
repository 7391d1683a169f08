// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/oci.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/oci/descriptor.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace regctl {

namespace {

constexpr int k_deepest_index = 4;
constexpr std::size_t k_most_manifests = 20'000;
constexpr std::string_view k_usual_platform = "linux/amd64";

/// "linux/arm64"; empty if `object`, a platform or a config, does not say.
std::string platform_in(const Json* object) {
  const auto os = object == nullptr ? std::nullopt : optional_string(*object, "os");
  const auto architecture =
      object == nullptr ? std::nullopt : optional_string(*object, "architecture");
  return os && architecture ? *os + "/" + *architecture : "";
}

class OciReader {
public:
  explicit OciReader(const ArchiveIndex& index) : index_(index) {}

  OciContents run() {
    const auto document = parse_json(index_.read("index.json"), index_.what() + ": index.json");
    const auto* manifests = find_member(document, "manifests");
    if (manifests == nullptr || !manifests->is_array()) {
      index_.refuse("index.json has no manifests");
    }
    for (const auto& descriptor : *manifests) {
      group_ = group_of(descriptor);
      read(descriptor, {}, 0);
    }
    take_platforms();
    return std::move(contents_);
  }

private:
  /// An image, or one platform's variant of an image.
  struct Candidate {
    OciImage image;
    std::string platform;
  };

  /// Manifests with the same name are variants of one image, like the manifests of one index.
  static std::string group_of(const Json& descriptor) {
    const auto name = oci::annotation(descriptor, oci::k_image_name_annotation) + " " +
                      oci::annotation(descriptor, oci::k_ref_name_annotation);
    return name == " " ? optional_string(descriptor, "digest").value_or("") : name;
  }

  void note(const std::string& what, const std::string& why) {
    contents_.notes.push_back(index_.what() + ": " + what + " " + why + " and is passed over");
  }

  ArchivedNames names_of(const Json& descriptor) {
    ArchivedNames names;
    for (const auto key : {oci::k_image_name_annotation, oci::k_ref_name_annotation}) {
      const auto name = oci::annotation(descriptor, key);
      if (name.find_first_of("/:") == std::string::npos) {
        if (is_tag(name)) {
          names.tags.push_back(name);
        }
        continue;
      }
      try {
        static_cast<void>(Reference::parse(name));
        names.names.push_back(name);
      } catch (const Error&) {
        note("the annotation " + json_quote(name), "is no name of an image");
      }
    }
    if (!names.names.empty()) {
      names.tags.clear(); // containerd also writes the name's tag alone
    }
    return names;
  }

  /// A manifest is read once for each group and set of names.
  [[nodiscard]] std::string key_of(const std::string& digest, const ArchivedNames& names) const {
    auto key = group_ + "\n" + digest;
    for (const auto* list : {&names.names, &names.tags}) {
      for (const auto& name : *list) {
        key += "\n" + name;
      }
    }
    return key;
  }

  void read(const Json& descriptor, const ArchivedNames& above, int depth) {
    if (oci::is_attestation(descriptor)) {
      return;
    }
    const auto digest = required_string(descriptor, "digest", "index.json");
    const auto name = blob_name(digest);
    if (!index_.find(name)) {
      if (depth == 0) { // deeper ones are platforms that were not saved
        note("the manifest " + digest, "is not in the archive");
      }
      return;
    }
    if (depth > k_deepest_index) {
      note("the manifest " + digest, "is too deep in indexes");
      return;
    }
    auto names = names_of(descriptor);
    if (names.names.empty() && names.tags.empty()) {
      names = above;
    }
    if (!read_.insert(key_of(digest, names)).second) {
      return; // an index may name the same manifest again and again
    }
    if (read_.size() > k_most_manifests) {
      index_.refuse("its indexes name more than " + std::to_string(k_most_manifests) +
                    " manifests");
    }
    const auto manifest = parse_json(index_.read(name), index_.what() + ": " + name);
    if (const auto* children = find_member(manifest, "manifests")) {
      for (const auto& child : *children) {
        read(child, names, depth + 1);
      }
      return;
    }
    read_manifest(name, manifest, descriptor, std::move(names));
  }

  void read_manifest(const std::string& name, const Json& manifest, const Json& descriptor,
                     ArchivedNames names) {
    const auto* config = find_member(manifest, "config");
    const auto* list = find_member(manifest, "layers");
    if (config == nullptr || list == nullptr || !list->is_array()) {
      index_.refuse(name + " is no image manifest");
    }
    const auto type = optional_string(*config, "mediaType").value_or("");
    if (!type.empty() && !oci::is_image_config(type)) {
      note(name, "is no image (its config is " + json_quote(type) + ")");
      return;
    }
    Candidate candidate;
    for (const auto& layer : *list) {
      candidate.image.layers.push_back(
          blob_name(required_string(layer, "digest", name + ": layer")));
    }
    candidate.image.config = blob_name(required_string(*config, "digest", name + ": config"));
    candidate.image.names = std::move(names);
    candidate.platform = platform_in(find_member(descriptor, "platform"));
    auto& group = groups_[group_];
    if (group.empty()) {
      order_.push_back(group_);
    }
    const bool is_there = std::any_of(group.begin(), group.end(), [&](const Candidate& other) {
      return other.image.config == candidate.image.config;
    });
    if (!is_there) {
      group.push_back(std::move(candidate));
    }
  }

  std::string platform_of(const Candidate& candidate) const {
    if (!candidate.platform.empty()) {
      return candidate.platform;
    }
    const auto config = find_json(index_.read(candidate.image.config));
    return config ? platform_in(&*config) : "";
  }

  void take_platforms() {
    for (const auto& group : order_) {
      auto& candidates = groups_[group];
      if (candidates.size() == 1) {
        contents_.images.push_back(std::move(candidates.front().image));
        continue;
      }
      std::vector<std::string> others;
      bool is_taken = false;
      for (auto& candidate : candidates) {
        const auto platform = platform_of(candidate);
        if (!is_taken && platform == k_usual_platform) {
          contents_.images.push_back(std::move(candidate.image));
          is_taken = true;
        } else {
          others.push_back(platform.empty() ? "an unknown platform" : platform);
        }
      }
      tell_platforms(others, is_taken);
    }
  }

  void tell_platforms(const std::vector<std::string>& others, bool is_taken) {
    std::string list;
    for (const auto& platform : others) {
      list += (list.empty() ? "" : ", ") + platform;
    }
    if (!is_taken) {
      index_.refuse("it holds one image for several platforms (" + list + "), but not for " +
                    std::string(k_usual_platform));
    }
    note("the image for " + list, "is of another platform than " + std::string(k_usual_platform));
  }

  const ArchiveIndex& index_;
  OciContents contents_;
  std::set<std::string> read_; ///< manifests by key_of()
  std::string group_;          ///< of the manifest that is being read
  std::map<std::string, std::vector<Candidate>> groups_;
  std::vector<std::string> order_; ///< of the groups, as index.json has them
};

} // namespace

OciContents read_oci_layout(const ArchiveIndex& index) {
  return OciReader(index).run();
}

std::string blob_name(const std::string& digest) {
  if (!is_digest(digest)) {
    throw Error(ErrorKind::protocol, "'" + digest + "' is not a sha256 digest");
  }
  return std::string("blobs/sha256/").append(digits_of(digest));
}

} // namespace regctl
