// SPDX-License-Identifier: Apache-2.0
#include "formats/archive_images.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1_derive.hpp>

#include <algorithm>
#include <set>

namespace regctl {

namespace {

[[noreturn]] void bad(const ArchiveIndex& index, const std::string& why) {
  throw Error(ErrorKind::protocol, index.what() + ": " + why);
}

std::vector<std::string> read_strings(const Json* list) {
  std::vector<std::string> texts;
  if (list != nullptr && list->is_array()) {
    for (const auto& text : *list) {
      if (text.is_string()) {
        texts.push_back(text.get<std::string>());
      }
    }
  }
  return texts;
}

std::string folder_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash);
}

/// The name of an image as an archive spells it, in the form of Docker's engine.
std::string image_name(const ArchiveIndex& index, const std::string& name) {
  try {
    return archive_name(Reference::parse(name));
  } catch (const Error&) { // says what the user should have typed, who typed nothing
    bad(index, "an image in it is named " + json_quote(name) + ", which is no name of an image");
  }
}

/// "blobs/sha256/HEX" says what the bytes hash to.
std::optional<std::string> digest_of_name(const std::string& name) {
  constexpr std::string_view k_blobs = "blobs/sha256/";
  return name.starts_with(k_blobs) && is_lower_hex(name.substr(k_blobs.size()), 64)
             ? std::optional("sha256:" + name.substr(k_blobs.size()))
             : std::nullopt;
}

/// The IDs of v1 folders, each with its parent or "".
std::map<std::string, std::string> read_folder_parents(const ArchiveIndex& index) {
  std::map<std::string, std::string> parents;
  for (const auto& name : index.names_ending_with("/json")) {
    if (const auto id = folder_of(name); is_v1_id(id)) {
      parents[id] =
          in_context([&] { return "reading " + name + " of " + index.what(); },
                     [&] { return parse_v1_image(index.read(name)).parent.value_or(""); });
    }
  }
  return parents;
}

/// Collects images, merging the names of those that are the same.
class Collector {
public:
  explicit Collector(const ArchiveIndex& index) : index_(index) {}

  ArchiveContents take() { return std::move(contents_); }

  void add_image(const std::string& id, const std::vector<std::string>& names) {
    auto known = std::find_if(contents_.images.begin(), contents_.images.end(),
                              [&](const DockerArchive::Image& image) { return image.id == id; });
    if (known == contents_.images.end()) {
      contents_.images.push_back({{}, id});
      known = std::prev(contents_.images.end());
    }
    for (const auto& name : names) {
      known->names.push_back(image_name(index_, name));
    }
    sort_and_unite(known->names);
  }

  /// The chain of v1 folders from `id` down. Throws Error{protocol} for what is missing, or a loop.
  void add_v1_chain(const std::string& id) {
    std::set<std::string> seen;
    std::string child;
    for (std::optional<std::string> next = id; next;) {
      if (!seen.insert(*next).second || seen.size() > k_max_chain) {
        bad(index_, "the parents of image " + short_id(id) + " form a loop, or too long a chain");
      }
      if (!index_.find(*next + "/json")) {
        bad(index_, "image " + short_id(*next) +
                        (child.empty() ? "" : ", the parent of " + short_id(child) + ",") +
                        " is not in the archive");
      }
      auto json = index_.read(*next + "/json");
      const auto info = in_context([&] { return "reading " + *next + "/json of " + index_.what(); },
                                   [&] { return parse_v1_image(json); });
      if (info.id != *next) {
        bad(index_, "the folder " + *next + " holds the JSON of image " + info.id);
      }
      if (!index_.find(*next + "/layer.tar")) {
        bad(index_, "image " + short_id(*next) + " has no layer.tar");
      }
      contents_.v1_images[*next] = {std::move(json), *next + "/layer.tar", std::nullopt,
                                    std::nullopt};
      child = *next;
      next = info.parent;
    }
  }

  /// An image of manifest.json or of the OCI layout. `layers` are names of entries, base first.
  void add_config_image(const std::string& config_name, const std::vector<std::string>& layers,
                        const std::vector<std::string>& names) {
    const auto config = index_.read(config_name);
    if (const auto digest = digest_of_name(config_name);
        digest && *digest != "sha256:" + sha256_hex(config)) {
      throw Error(ErrorKind::integrity,
                  index_.what() + ": " + config_name + " does not hash to its name");
    }
    for (const auto& layer : layers) {
      if (!index_.find(layer)) {
        bad(index_, "the layer " + json_quote(layer) + " is not in the archive");
      }
    }
    const auto chain = in_context([&] { return "reading " + config_name + " of " + index_.what(); },
                                  [&] { return derive_v1_chain(config); });
    const auto diff_ids = read_diff_ids(config);
    if (diff_ids.size() != layers.size()) {
      bad(index_, config_name + " tells of " + std::to_string(diff_ids.size()) + " layers, " +
                      std::to_string(layers.size()) + " are listed");
    }
    if (const auto id = find_own_chain(config, layers, diff_ids)) {
      add_image(*id, names);
      return;
    }
    for (const auto& image : chain) {
      ArchivedImage archived{image.json, std::nullopt, std::nullopt, std::nullopt};
      if (image.layer_index) {
        archived.layer = layers[*image.layer_index];
        archived.diff_id = diff_ids[*image.layer_index];
        archived.digest = digest_of_name(*archived.layer);
      }
      contents_.v1_images[image.id] = std::move(archived);
    }
    add_image(chain.back().id, names);
  }

private:
  static std::vector<std::string> read_diff_ids(const std::string& config) {
    return read_strings(&parse_json(config, "the config").at("rootfs").at("diff_ids"));
  }

  /// The top ID of v1 folders from which `config` was made, as in archives that we wrote: then
  /// their JSONs are the truth and the config is the derived one.
  std::optional<std::string> find_own_chain(const std::string& config,
                                            const std::vector<std::string>& layers,
                                            const std::vector<std::string>& diff_ids) {
    // JSON-only steps are in no list of layers, so the top may stand above the last one listed.
    const auto last = layers.empty() ? std::string() : folder_of(layers.back());
    for (const auto& [id, parent] : folder_parents()) {
      if (is_above(id, last) && is_made_from(config, id, layers, diff_ids)) {
        add_v1_chain(id);
        set_diff_ids(layers, diff_ids);
        return id;
      }
    }
    return std::nullopt;
  }

  /// The v1 folders and their parents, read once.
  const std::map<std::string, std::string>& folder_parents() {
    if (!parents_) {
      parents_ = read_folder_parents(index_);
    }
    return *parents_;
  }

  /// True if `wanted` is `id` or below it; an empty name is below everything.
  bool is_above(std::string id, const std::string& wanted) {
    for (std::size_t depth = 0; depth < k_max_chain && !id.empty(); ++depth) {
      if (id == wanted || wanted.empty()) {
        return true;
      }
      const auto found = folder_parents().find(id);
      id = found == folder_parents().end() ? std::string() : found->second;
    }
    return false;
  }

  void set_diff_ids(const std::vector<std::string>& layers,
                    const std::vector<std::string>& diff_ids) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      contents_.v1_images.at(folder_of(layers[i])).diff_id = diff_ids[i];
    }
  }

  bool is_made_from(const std::string& config, const std::string& top,
                    const std::vector<std::string>& layers,
                    const std::vector<std::string>& diff_ids) const {
    std::vector<ChainLayer> chain;
    auto layer = layers.size();
    try {
      for (std::optional<std::string> id = top; id; id = parse_v1_image(chain.back().json).parent) {
        if (chain.size() > k_max_chain) {
          return false;
        }
        const bool is_listed = layer > 0 && layers[layer - 1] == *id + "/layer.tar";
        layer -= is_listed ? 1 : 0;
        chain.push_back({index_.read(*id + "/json"), is_listed ? diff_ids[layer] : "", !is_listed});
      }
      std::reverse(chain.begin(), chain.end());
      return layer == 0 && make_image_config(chain) == config;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::local_io) {
        throw;
      }
      return false; // folders of another layout
    }
  }

  const ArchiveIndex& index_;
  ArchiveContents contents_;
  std::optional<std::map<std::string, std::string>> parents_;
};

void read_manifest(const ArchiveIndex& index, Collector& collector) {
  const auto document = parse_json(index.read("manifest.json"), index.what() + ": manifest.json");
  if (!document.is_array()) {
    bad(index, "manifest.json is not a list");
  }
  for (std::size_t i = 0; i < document.size(); ++i) {
    const auto where = "manifest.json[" + std::to_string(i) + "]";
    const auto config_name = required_string(document[i], "Config", where);
    const auto config = normal_name(config_name);
    if (!config) {
      bad(index, where + ".Config " + json_quote(config_name) + " leads out of the archive");
    }
    std::vector<std::string> layers;
    for (const auto& layer : read_strings(find_member(document[i], "Layers"))) {
      layers.push_back(normal_name(layer).value_or(layer));
    }
    collector.add_config_image(*config, layers, read_strings(find_member(document[i], "RepoTags")));
  }
}

void read_repositories(const ArchiveIndex& index, Collector& collector) {
  const auto document = parse_json(index.read("repositories"), index.what() + ": repositories");
  if (!document.is_object()) {
    bad(index, "repositories is not an object");
  }
  for (const auto& [repository, tags] : document.items()) {
    if (!tags.is_object()) {
      bad(index, "repositories." + repository + " is not an object");
    }
    for (const auto& [tag, id] : tags.items()) {
      if (!id.is_string() || !is_v1_id(id.get_ref<const std::string&>())) {
        bad(index, "repositories." + repository + "." + tag + " is not an image ID");
      }
      collector.add_v1_chain(id.get<std::string>());
      collector.add_image(id.get<std::string>(), {repository + ":" + tag});
    }
  }
}

/// v1 folders without names: `docker save ID`. The images that are nobody's parent.
void read_unnamed_folders(const ArchiveIndex& index, Collector& collector) {
  const auto folders = read_folder_parents(index);
  std::set<std::string> parents;
  for (const auto& [id, parent] : folders) {
    parents.insert(parent);
  }
  for (const auto& [id, parent] : folders) {
    if (!parents.contains(id)) {
      collector.add_v1_chain(id);
      collector.add_image(id, {});
    }
  }
}

std::string blob_name(const std::string& digest) {
  constexpr std::string_view k_sha256 = "sha256:";
  if (!digest.starts_with(k_sha256) || !is_lower_hex(digest.substr(k_sha256.size()), 64)) {
    throw Error(ErrorKind::protocol, "'" + digest + "' is not a sha256 digest");
  }
  return "blobs/sha256/" + digest.substr(k_sha256.size());
}

/// The names that Docker and containerd write into an index's annotations.
std::vector<std::string> annotated_names(const Json& descriptor) {
  const auto* annotations = find_member(descriptor, "annotations");
  if (annotations != nullptr) {
    if (const auto name = optional_string(*annotations, "io.containerd.image.name")) {
      return {*name};
    }
  }
  return {};
}

void read_oci_manifest(const ArchiveIndex& index, const Json& descriptor,
                       const std::vector<std::string>& names, Collector& collector, int depth) {
  const auto name = blob_name(required_string(descriptor, "digest", "index.json"));
  if (depth > 4 || !index.find(name)) {
    return; // other platforms of an index need not be in the archive
  }
  const auto manifest = parse_json(index.read(name), index.what() + ": " + name);
  if (const auto* children = find_member(manifest, "manifests")) {
    for (const auto& child : *children) {
      read_oci_manifest(index, child, names, collector, depth + 1);
    }
    return;
  }
  const auto* config = find_member(manifest, "config");
  const auto* list = find_member(manifest, "layers");
  if (config == nullptr || list == nullptr || !list->is_array()) {
    bad(index, name + " is no image manifest");
  }
  std::vector<std::string> layers;
  for (const auto& layer : *list) {
    layers.push_back(blob_name(required_string(layer, "digest", name + ": layer")));
  }
  collector.add_config_image(blob_name(required_string(*config, "digest", name + ": config")),
                             layers, names);
}

void read_oci_layout(const ArchiveIndex& index, Collector& collector) {
  const auto document = parse_json(index.read("index.json"), index.what() + ": index.json");
  const auto* manifests = find_member(document, "manifests");
  if (manifests == nullptr || !manifests->is_array()) {
    bad(index, "index.json has no manifests");
  }
  for (const auto& descriptor : *manifests) {
    read_oci_manifest(index, descriptor, annotated_names(descriptor), collector, 0);
  }
}

} // namespace

ArchiveContents read_contents(const ArchiveIndex& index) {
  Collector collector(index);
  if (index.find("manifest.json")) {
    read_manifest(index, collector);
  } else if (index.find("repositories")) {
    read_repositories(index, collector);
  } else if (index.find("index.json")) {
    read_oci_layout(index, collector);
  } else {
    read_unnamed_folders(index, collector);
  }
  auto contents = collector.take();
  if (contents.images.empty()) {
    throw Error(ErrorKind::protocol, index.what() + " is a tar file, but holds no image",
                "what 'docker save' writes is wanted, not 'docker export'");
  }
  return contents;
}

} // namespace regctl
