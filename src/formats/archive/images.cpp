// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/images.hpp"

#include "formats/archive/folders.hpp"
#include "formats/archive/manifest_json.hpp"
#include "formats/archive/oci.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/derive.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace regctl {

namespace {

std::string folder_in(const std::string& name) {
  return std::string(split_path(name).folder);
}

/// The digest that the name "blobs/sha256/HEX" promises; nothing for other names.
std::optional<std::string> digest_of_name(const std::string& name) {
  constexpr std::string_view k_blobs = "blobs/sha256/";
  return name.starts_with(k_blobs) && is_lower_hex(name.substr(k_blobs.size()), 64)
             ? std::optional(to_digest(name.substr(k_blobs.size())))
             : std::nullopt;
}

/// Collects images, and merges the names of equal ones.
class Collector {
public:
  /// Whether an image is a chain of v1 folders or derived from a config.
  enum class Made { of_v1_folders, of_config };

  explicit Collector(const ArchiveIndex& index) : index_(index) {}

  ArchiveContents take() {
    for (auto& image : contents_.images) {
      sort_and_unite(image.names);
      sort_and_unite(image.tags);
    }
    refuse_shared_names();
    return std::move(contents_);
  }

  /// The topmost images in v1 folders that no chain has reached so far.
  std::vector<std::string> unreached() {
    std::set<std::string> parents;
    for (const auto& [id, folder] : folders().by_id()) {
      parents.insert(folder.parent);
    }
    std::vector<std::string> ids;
    for (const auto& [id, folder] : folders().by_id()) {
      if (!parents.contains(id) && !contents_.v1_images.contains(id) &&
          !contents_.missing.contains(id)) {
        ids.push_back(id);
      }
    }
    return ids;
  }

  void note(std::string text) { contents_.notes.push_back(std::move(text)); }

  /// The v1 folders, read once.
  const V1Folders& folders() {
    if (!folders_) {
      folders_.emplace(index_);
    }
    return *folders_;
  }

  void add_image(const std::string& id, const ArchivedNames& names, Made made) {
    const auto [place, is_new] = places_.emplace(id, contents_.images.size());
    if (is_new) {
      contents_.images.push_back({{}, {}, id, false});
    }
    auto& image = contents_.images[place->second];
    image.is_v1_chain = image.is_v1_chain || made == Made::of_v1_folders;
    for (const auto& name : names.names) {
      image.names.push_back(archive_name_of(index_, name));
    }
    image.tags.insert(image.tags.end(), names.tags.begin(), names.tags.end());
  }

  /// Adds the chain of v1 folders from `id` down to its base. Throws Error{protocol} if `id` is
  /// missing, and for a loop.
  void add_v1_chain(const std::string& id) {
    std::vector<std::pair<std::string, const V1Folders::Folder*>> chain;
    std::string child;
    const bool has_end = walk_parents(id, [&](const std::string& next) {
      const auto* folder = find_folder(next, child);
      const bool is_known = contents_.v1_images.contains(next); // and so are its parents
      if (folder == nullptr || is_known) {
        return std::optional<std::string>();
      }
      chain.emplace_back(next, folder);
      child = next;
      return folder->parent.empty() ? std::nullopt : std::optional(folder->parent);
    });
    if (!has_end) {
      index_.refuse("the parents of image " + short_id(id) + " form a loop, or too long a chain");
    }
    for (const auto& [member, folder] : chain) {
      if (index_.find(folder->layer_name())) {
        contents_.v1_images[member] = {index_.read(folder->json_name()), folder->layer_name(),
                                       std::nullopt, std::nullopt};
      } else {
        contents_.missing[member] = "image " + short_id(member) + " has no layer.tar";
      }
    }
  }

  /// Adds an image of manifest.json or of the OCI layout. `layers` are names of entries, base
  /// first.
  void add_config_image(const std::string& config_name, const std::vector<std::string>& layers,
                        const ArchivedNames& names) {
    const auto config = index_.read(config_name);
    if (const auto digest = digest_of_name(config_name);
        digest && *digest != to_digest(sha256_hex(config))) {
      throw Error(ErrorKind::integrity,
                  index_.what() + ": " + config_name + " does not hash to its name");
    }
    const auto chain = in_context([&] { return "reading " + config_name + " of " + index_.what(); },
                                  [&] { return derive_v1_chain(config); });
    const auto& diff_ids = chain.diff_ids;
    if (diff_ids.size() != layers.size()) {
      index_.refuse(config_name + " tells of " + std::to_string(diff_ids.size()) + " layers, " +
                    std::to_string(layers.size()) + " are listed");
    }
    if (const auto id = find_own_chain(config, layers, diff_ids)) {
      add_image(*id, names, Made::of_v1_folders);
      return;
    }
    for (const auto& image : chain.images) {
      ArchivedImage archived{image.json, std::nullopt, std::nullopt, std::nullopt};
      if (image.layer_index) {
        archived.layer = layers[*image.layer_index];
        archived.diff_id = diff_ids[*image.layer_index];
        archived.digest = digest_of_name(*archived.layer);
        if (!index_.find(*archived.layer)) {
          contents_.missing[image.id] = "the layer " + json_quote(*archived.layer) + " of image " +
                                        short_id(image.id) + " is not in the archive";
          continue;
        }
      }
      contents_.v1_images[image.id] = std::move(archived);
    }
    add_image(chain.images.back().id, names, Made::of_config);
  }

private:
  /// The folder of an image. Null if it is missing but its `child` is there: the destination may
  /// have it. Throws Error{protocol} if `id` is the top of a chain.
  const V1Folders::Folder* find_folder(const std::string& id, const std::string& child) {
    if (const auto* folder = folders().find(id)) {
      return folder;
    }
    for (const auto& unplaced : folders().unplaced()) {
      if (unplaced.name == id) {
        index_.refuse(unplaced.why);
      }
    }
    if (child.empty()) {
      index_.refuse("image " + short_id(id) + " is not in the archive");
    }
    contents_.missing[id] =
        "image " + short_id(id) + ", the parent of " + short_id(child) + ", is not in the archive";
    return nullptr;
  }

  void refuse_shared_names() const {
    std::map<std::string, std::string> taken;
    for (const auto& image : contents_.images) {
      for (const auto& name : image.names) {
        const auto [known, is_new] = taken.emplace(name, image.id);
        if (!is_new) {
          index_.refuse("two images in it, " + short_id(known->second) + " and " +
                        short_id(image.id) + ", are named " + json_quote(name));
        }
      }
    }
  }

  /// The top ID of the v1 folders from which `config` was made, as in archives written by regctl.
  /// Then the folders' JSONs are the originals and the config is derived from them.
  std::optional<std::string> find_own_chain(const std::string& config,
                                            const std::vector<std::string>& layers,
                                            const std::vector<std::string>& diff_ids) {
    // Images without a layer are in no list of layers, so the top image may be above the last one
    // listed.
    const auto last = layers.empty() ? std::string() : folder_in(layers.back());
    if (!last.empty() && folders().find(last) == nullptr) {
      return std::nullopt;
    }
    for (const auto& [id, folder] : folders().by_id()) {
      if (is_above(id, last) && is_made_from(config, id, layers, diff_ids)) {
        add_v1_chain(id);
        set_diff_ids(layers, diff_ids);
        return id;
      }
    }
    return std::nullopt;
  }

  /// Whether `wanted` is `id` or one of its ancestors; true for an empty `wanted`.
  bool is_above(const std::string& id, const std::string& wanted) {
    bool is_found = false;
    walk_parents(id, [&](const std::string& next) {
      const auto* folder = folders().find(next);
      is_found = next == wanted || wanted.empty();
      const bool is_end = is_found || folder == nullptr || folder->parent.empty();
      return is_end ? std::nullopt : std::optional(folder->parent);
    });
    return is_found;
  }

  void set_diff_ids(const std::vector<std::string>& layers,
                    const std::vector<std::string>& diff_ids) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (const auto image = contents_.v1_images.find(folder_in(layers[i]));
          image != contents_.v1_images.end()) { // else it is missing
        image->second.diff_id = diff_ids[i];
      }
    }
  }

  bool is_made_from(const std::string& config, const std::string& top,
                    const std::vector<std::string>& layers,
                    const std::vector<std::string>& diff_ids) const {
    std::vector<ConvertedStep> chain;
    auto layer = layers.size();
    try {
      const bool has_end = walk_parents(top, [&](const std::string& id) {
        const bool is_listed = layer > 0 && layers[layer - 1] == id + "/layer.tar";
        layer -= is_listed ? 1 : 0;
        chain.push_back({index_.read(id + "/json"), is_listed ? diff_ids[layer] : "", !is_listed});
        return parse_v1_image(chain.back().json).parent;
      });
      std::reverse(chain.begin(), chain.end());
      return has_end && layer == 0 &&
             (convert_config(chain).bytes == config || make_config_of_0_1(chain) == config);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::local_io) {
        throw;
      }
      return false; // folders of another layout
    }
  }

  const ArchiveIndex& index_;
  ArchiveContents contents_;
  std::map<std::string, std::size_t> places_; ///< positions in contents_.images, by ID
  std::optional<V1Folders> folders_;
};

/// Names of images, by their config: all that index.json has for it. Engines and containerd keep
/// names there even if manifest.json has none.
std::map<std::string, ArchivedNames> read_oci_names(const ArchiveIndex& index) {
  std::map<std::string, ArchivedNames> names;
  if (index.find("index.json")) {
    const auto layout = read_oci_layout(index);
    for (const auto& image : layout.images) {
      auto& known = names[image.config];
      known.names.insert(known.names.end(), image.names.names.begin(), image.names.names.end());
      known.tags.insert(known.tags.end(), image.names.tags.begin(), image.names.tags.end());
    }
  }
  return names;
}

void read_manifest(const ArchiveIndex& index, Collector& collector) {
  std::optional<std::map<std::string, ArchivedNames>> elsewhere;
  for (auto& image : read_manifest_json(index)) {
    ArchivedNames names{std::move(image.names), {}};
    if (names.names.empty()) {
      if (!elsewhere) {
        elsewhere = read_oci_names(index);
      }
      names = (*elsewhere)[image.config];
    }
    collector.add_config_image(image.config, image.layers, names);
  }
}

void read_repositories(const ArchiveIndex& index, Collector& collector) {
  const auto document = parse_json(index.read("repositories"), index.what() + ": repositories");
  if (!document.is_object()) {
    index.refuse("repositories is not an object");
  }
  for (const auto& [repository, tags] : document.items()) {
    if (!tags.is_object()) {
      index.refuse("repositories." + repository + " is not an object");
    }
    for (const auto& [tag, id] : tags.items()) {
      if (!id.is_string() || !is_v1_id(id.get_ref<const std::string&>())) {
        index.refuse("repositories." + repository + "." + tag + " is not an image ID");
      }
      collector.add_v1_chain(id.get<std::string>());
      collector.add_image(id.get<std::string>(), {{repository + ":" + tag}, {}},
                          Collector::Made::of_v1_folders);
    }
  }
  for (const auto& folder : collector.folders().unplaced()) {
    collector.note(index.what() + ": " + folder.why + " and is passed over");
  }
  for (const auto& id : collector.unreached()) {
    collector.note(index.what() + ": image " + short_id(id) +
                   " has no name, nor has one above it, and is passed over");
  }
}

/// v1 folders without names, from `docker save ID`: adds the images that have no child.
void read_unnamed_folders(const ArchiveIndex& index, Collector& collector) {
  const auto& folders = collector.folders();
  if (!folders.by_id().empty() && !folders.unplaced().empty()) {
    index.refuse(folders.unplaced().front().why); // it might be the top image
  }
  std::set<std::string> parents;
  for (const auto& [id, folder] : folders.by_id()) {
    parents.insert(folder.parent);
  }
  for (const auto& [id, folder] : folders.by_id()) {
    if (!parents.contains(id)) {
      collector.add_v1_chain(id);
      collector.add_image(id, {}, Collector::Made::of_v1_folders);
    }
  }
}

void read_oci(const ArchiveIndex& index, Collector& collector) {
  auto contents = read_oci_layout(index);
  for (auto& text : contents.notes) {
    collector.note(std::move(text));
  }
  for (const auto& image : contents.images) {
    collector.add_config_image(image.config, image.layers, image.names);
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
    read_oci(index, collector);
  } else {
    read_unnamed_folders(index, collector);
  }
  auto contents = collector.take();
  if (contents.images.empty()) {
    throw Error(ErrorKind::protocol,
                contents.notes.empty() ? index.what() + " is a tar file, but holds no image"
                                       : contents.notes.front(),
                "what 'docker save' writes is wanted, not 'docker export'");
  }
  return contents;
}

} // namespace regctl
