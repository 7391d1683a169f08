// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/manifest_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace regctl::ops {

namespace {

/// "host/team/app@sha256:…"
std::string name_in(const OciRepository& repository, const std::string& name) {
  const bool is_digest = oci::Digest::find(name).has_value();
  return repository.describe() + (is_digest ? "@" : ":") + name;
}

[[noreturn]] void throw_missing_child(const OciRepository& repository, const oci::Document& index,
                                      const oci::Descriptor& child) {
  const auto platform = child.platform ? " (" + child.platform->to_string() + ")" : std::string();
  throw Error(ErrorKind::not_found,
              "manifest " + child.digest.to_string() + platform + ", which the index " +
                  index.digest.to_string() + " names, is not in " + repository.describe(),
              "--platform takes the images that are there");
}

/// Reads an index depth first.
class TreeReader {
public:
  explicit TreeReader(OciRepository& repository) : repository_(repository) {}

  void add(ManifestNode node, std::size_t depth) {
    if (depth > oci::k_max_index_depth) {
      throw Error(ErrorKind::protocol,
                  "the indexes of " + repository_.describe() + " lie more than " +
                      std::to_string(oci::k_max_index_depth) + " deep in each other");
    }
    for (const auto& child : node.manifest.manifests) {
      if (!seen_.insert(child.digest).second) {
        continue;
      }
      if (seen_.size() > k_max_manifests) {
        throw Error(ErrorKind::protocol, "index " + node.document.digest.to_string() +
                                             " names more than " + std::to_string(k_max_manifests) +
                                             " manifests");
      }
      add_child(node.document, child, depth);
    }
    tree_.manifests.push_back(std::move(node));
  }

  ManifestTree take() { return std::move(tree_); }

private:
  void add_child(const oci::Document& index, const oci::Descriptor& child, std::size_t depth) {
    if (oci::may_be_blob(child) && repository_.find_blob(child.digest)) {
      tree_.other_blobs.push_back(child);
      return;
    }
    auto document = repository_.read_manifest(child.digest);
    if (!document) {
      throw_missing_child(repository_, index, child);
    }
    add(to_node(*std::move(document), repository_.describe()), depth + 1);
  }

  OciRepository& repository_;
  std::set<oci::Digest> seen_;
  ManifestTree tree_;
};

/// Calls `on_image` for each image of an index, nested ones too.
void for_each_image(OciRepository& repository, const ManifestNode& index, std::size_t depth,
                    std::set<oci::Digest>& seen,
                    const std::function<void(const oci::Descriptor&)>& on_image) {
  for (const auto& child : index.manifest.manifests) {
    if (!seen.insert(child.digest).second || seen.size() > k_max_manifests) {
      continue;
    }
    if (!oci::is_index(child.media_type)) {
      on_image(child);
    } else if (depth < oci::k_max_index_depth) {
      if (auto document = repository.read_manifest(child.digest)) {
        for_each_image(repository, to_node(*std::move(document), repository.describe()), depth + 1,
                       seen, on_image);
      }
    }
  }
}

std::string join(const std::vector<PlatformImage>& images) {
  std::string text;
  for (const auto& image : images) {
    if (image.platform) {
      text += (text.empty() ? "" : ", ") + image.platform->to_string();
    }
  }
  return text.empty() ? "none that it names" : text;
}

[[noreturn]] void throw_no_platform(const OciRepository& repository, const oci::Platform& wanted,
                                    const std::vector<PlatformImage>& images) {
  throw Error(ErrorKind::not_found,
              repository.describe() + " has no image for " + wanted.to_string(),
              "there are: " + join(images));
}

const PlatformImage& choose(const OciRepository& repository,
                            const std::vector<PlatformImage>& images, const oci::Platform& wanted) {
  const PlatformImage* best = nullptr;
  std::optional<int> distance;
  for (const auto& image : images) {
    const auto found = image.platform ? image.platform->distance_from(wanted) : std::nullopt;
    if (found && (!distance || *found < *distance)) { // the first of several equal ones
      best = &image;
      distance = found;
    }
  }
  if (best == nullptr) {
    throw_no_platform(repository, wanted, images);
  }
  return *best;
}

/// Whether two images are for builds of Windows that differ, and for one platform otherwise.
bool are_other_builds(const PlatformImage& one, const PlatformImage& other) {
  if (!one.platform || !other.platform || one.platform->os_version == other.platform->os_version) {
    return false;
  }
  auto a = one.platform->normalized();
  auto b = other.platform->normalized();
  a.os_version.clear();
  b.os_version.clear();
  return a == b;
}

/// The best images for the platforms, each once; of Windows all builds that fit.
std::vector<oci::Descriptor> choose_all(const OciRepository& repository, const ManifestNode& index,
                                        const std::vector<PlatformImage>& images,
                                        const std::vector<oci::Platform>& platforms) {
  std::vector<oci::Descriptor> chosen;
  const auto take = [&](const oci::Descriptor& image) {
    const bool is_known = std::any_of(chosen.begin(), chosen.end(), [&](const auto& other) {
      return other.digest == image.digest;
    });
    if (!is_known) {
      chosen.push_back(image);
    }
  };
  for (const auto& platform : platforms) {
    const auto& best = choose(repository, images, platform);
    take(best.descriptor);
    for (const auto& image : images) {
      if (are_other_builds(image, best) && image.platform->distance_from(platform)) {
        take(image.descriptor);
      }
    }
  }
  if (chosen.empty()) {
    throw Error(ErrorKind::usage,
                "no platform of index " + index.document.digest.to_string() + " is named");
  }
  return chosen;
}

/// The index with these images, children of nested ones too, and what attests to them, as it was
/// otherwise.
ManifestNode filter_index(const ManifestNode& index, const std::vector<oci::Descriptor>& kept) {
  std::set<oci::Digest> digests;
  for (const auto& image : kept) {
    digests.insert(image.digest);
  }
  auto document = parse_json(index.document.bytes, "index");
  auto children = Json::array();
  std::set<oci::Digest> taken;
  for (std::size_t i = 0; i < index.manifest.manifests.size(); ++i) {
    const auto& child = index.manifest.manifests[i];
    const auto attested = oci::attested_digest(child);
    if (digests.contains(child.digest) || (attested && digests.contains(*attested))) {
      children.push_back(document["manifests"][i]);
      taken.insert(child.digest);
    }
  }
  for (const auto& image : kept) {
    if (!taken.contains(image.digest)) {
      children.push_back(image.to_json());
    }
  }
  document["manifests"] = std::move(children);
  auto bytes = dump_json(document);
  return to_node(
      oci::make_document(std::move(bytes), index.manifest.media_type, std::nullopt, "the index"),
      "the index");
}

} // namespace

ManifestNode to_node(oci::Document document, const std::string& where) {
  auto manifest = oci::Manifest::parse(document.bytes, document.media_type,
                                       "manifest " + document.digest.to_string() + " of " + where);
  return {std::move(document), std::move(manifest)};
}

ManifestNode read_manifest_node(OciRepository& repository, const oci::ManifestName& name) {
  auto document = repository.read_manifest(name);
  if (!document) {
    throw Error(ErrorKind::not_found,
                "there is no manifest " + name_in(repository, name.to_string()));
  }
  return to_node(*std::move(document), repository.describe());
}

ManifestTree read_manifest_tree(OciRepository& repository, ManifestNode root) {
  TreeReader reader(repository);
  reader.add(std::move(root), 0);
  return reader.take();
}

std::string read_config(OciRepository& repository, const oci::Manifest& image) {
  if (!image.config) {
    throw Error(ErrorKind::protocol, "a manifest of " + repository.describe() + " has no config");
  }
  return read_config(repository, *image.config);
}

std::string read_config(OciRepository& repository, const oci::Descriptor& config) {
  if (config.size_bytes > k_document_limit_bytes) {
    throw Error(ErrorKind::protocol, "config " + config.digest.to_string() + " of " +
                                         repository.describe() + " is larger than " +
                                         std::to_string(k_document_limit_bytes) + " bytes");
  }
  const auto source = repository.open_blob(config);
  return read_text(*source, k_document_limit_bytes, "config " + config.digest.to_string());
}

std::optional<oci::Platform> platform_of(OciRepository& repository, const oci::Manifest& image) {
  if (!image.config || !oci::is_image_config(image.config->media_type)) {
    return std::nullopt;
  }
  auto platform = oci::Config::parse(read_config(repository, image),
                                     "config " + image.config->digest.to_string() + " of " +
                                         repository.describe())
                      .platform;
  return platform.os.empty() && platform.architecture.empty() ? std::nullopt
                                                              : std::optional(std::move(platform));
}

std::vector<PlatformImage> list_platforms(OciRepository& repository, const ManifestNode& root) {
  std::vector<PlatformImage> images;
  if (root.manifest.kind != oci::Manifest::Kind::index) {
    auto descriptor = root.document.descriptor();
    return {{std::move(descriptor), platform_of(repository, root.manifest)}};
  }
  std::set<oci::Digest> seen;
  for_each_image(repository, root, 0, seen, [&](const oci::Descriptor& child) {
    if (oci::is_attestation(child)) {
      return;
    }
    auto platform = child.platform;
    if (!platform) {
      if (auto document = repository.read_manifest(child.digest)) {
        platform =
            platform_of(repository, to_node(*std::move(document), repository.describe()).manifest);
      }
    }
    images.push_back({child, std::move(platform)});
  });
  return images;
}

ManifestNode narrow(OciRepository& repository, ManifestNode root,
                    const std::vector<oci::Platform>& platforms) {
  if (platforms.empty()) {
    return root;
  }
  const auto images = list_platforms(repository, root);
  if (root.manifest.kind != oci::Manifest::Kind::index) {
    const auto fits = [&](const oci::Platform& wanted) {
      return images.front().platform && images.front().platform->distance_from(wanted);
    };
    if (!std::any_of(platforms.begin(), platforms.end(), fits)) {
      throw_no_platform(repository, platforms.front(), images);
    }
    return root;
  }
  const auto kept = choose_all(repository, root, images, platforms);
  if (kept.size() > 1 && platforms.size() > 1) {
    return filter_index(root, kept);
  }
  const auto& only = kept.front().digest;
  auto document = repository.read_manifest(only);
  if (!document) {
    throw Error(ErrorKind::not_found, "manifest " + only.to_string() + ", which the index " +
                                          root.document.digest.to_string() + " names, is not in " +
                                          repository.describe());
  }
  return to_node(*std::move(document), repository.describe());
}

ManifestNode narrow_index(OciRepository& repository, const ManifestNode& index,
                          const std::vector<oci::Platform>& platforms) {
  return filter_index(index,
                      choose_all(repository, index, list_platforms(repository, index), platforms));
}

std::string words_for_deep_referrers(const oci::Digest& subject) {
  return "what refers to " + subject.short_hex() + " is left out: referrers are followed " +
         std::to_string(k_max_referrer_depth) + " deep";
}

void check_has_files(const oci::Manifest& image, const std::string& what) {
  if (image.config && !oci::is_image_config(image.config->media_type)) {
    throw Error(ErrorKind::unsupported, what + " is an artifact (" +
                                            excerpt(image.referrer_type()) +
                                            "), which has no file system");
  }
  for (const auto& layer : image.layers) {
    if (!oci::is_layer(layer.media_type)) {
      throw Error(ErrorKind::unsupported, what + " has a layer of type '" +
                                              excerpt(layer.media_type) +
                                              "', which cannot be unpacked");
    }
  }
}

} // namespace regctl::ops
