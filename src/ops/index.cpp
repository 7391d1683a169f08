// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/copy_images.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/ops/index.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

using Descriptors = std::vector<oci::Descriptor>;

/// Attestations all have the platform unknown/unknown.
bool are_for_one_platform(const oci::Descriptor& a, const oci::Descriptor& b) {
  return !oci::is_attestation(a) && !oci::is_attestation(b) && a.platform && b.platform &&
         a.platform->normalized() == b.platform->normalized();
}

/// Adds an image, in the place of one for the same platform, which goes with its attestations.
void add(Descriptors& images, oci::Descriptor image) {
  const auto found = std::find_if(images.begin(), images.end(), [&](const auto& known) {
    return known.digest == image.digest || are_for_one_platform(known, image);
  });
  if (found == images.end()) {
    images.push_back(std::move(image));
    return;
  }
  const auto replaced = std::exchange(*found, std::move(image)).digest;
  if (replaced != found->digest) {
    std::erase_if(images, [&](const oci::Descriptor& other) {
      return oci::attested_digest(other) == replaced;
    });
  }
}

/// The images that a manifest stands for: itself, or those of an index.
Descriptors images_of(OciRepository& repository, const ManifestNode& node) {
  if (node.manifest.kind == oci::Manifest::Kind::index) {
    return node.manifest.manifests;
  }
  auto image = node.document.descriptor();
  image.platform = platform_of(repository, node.manifest);
  if (!image.platform) {
    throw Error(ErrorKind::usage, "manifest " + node.document.digest.to_string() + " of " +
                                      repository.describe() + " is no image for a platform");
  }
  return {std::move(image)};
}

/// The members of an index that are to stay as its images change.
Json members_of(const ManifestNode& index) {
  return index.manifest.kind == oci::Manifest::Kind::index
             ? parse_json(index.document.bytes, "an index")
             : Json::object();
}

ManifestNode read_root(const OciPlace& from) {
  const auto selected = select_oci_image(from);
  auto document = from.repository->read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  return to_node(*std::move(document), from.repository->describe());
}

/// Brings an image into the repository of the index, without a tag, and adds what it stands for.
void take(Session& session, const Place& index, const Place& image, Descriptors& images) {
  const auto from = open_oci(session, image, Use::read);
  const auto root = read_root(from);
  auto there = index;
  there.reference->tag.reset();
  there.reference->digest = root.document.digest.to_string();
  if (image.to_string() != there.to_string()) {
    auto here = image;
    if (here.reference) {
      here.reference->digest = there.reference->digest;
    }
    copy_oci_images(session, here, there, {});
  }
  for (auto& descriptor : images_of(*from.repository, root)) {
    add(images, std::move(descriptor));
  }
}

bool is_docker(const oci::Descriptor& image) {
  return image.media_type == oci::k_docker_manifest;
}

/// A list of Docker's has Docker's images alone, and nothing that OCI has added.
bool is_docker_list(const Json& members, const Descriptors& images) {
  const auto has = [&](const char* name) { return find_member(members, name) != nullptr; };
  return !images.empty() && std::all_of(images.begin(), images.end(), is_docker) &&
         !has("annotations") && !has("artifactType") && !has("subject");
}

/// Puts an index of these images that has what else is in `members`.
IndexResult put(OciRepository& repository, const Json& members, const Descriptors& images,
                const std::string& tag) {
  const bool is_list = is_docker_list(members, images);
  const auto type = std::string(is_list ? oci::k_docker_list : oci::k_oci_index);
  Json document = {{"schemaVersion", 2}, {"mediaType", type}};
  document.update(members);
  document["mediaType"] = type;
  document["manifests"] = Json::array();
  for (const auto& image : images) {
    document["manifests"].push_back(image.to_json());
  }
  const auto made = oci::make_document(dump_json(document), type, std::nullopt, "an index");
  repository.put_manifest(made, tag);
  repository.finish();
  return {made.digest, images.size()};
}

/// Throws Error{usage} unless the place names a repository that an index can be put into.
void check(Session& session, const Place& index) {
  require_oci(session, index, "an index");
  if (!index.reference || index.reference->digest ||
      (index.kind != Place::Kind::registry && !index.is_storage())) {
    throw Error(ErrorKind::usage, index.to_string() + " names no tag of a repository",
                "write HOST[:PORT]/NAME:TAG or v2-storage:DIR:NAME:TAG");
  }
}

IndexResult complete(Session& session, const Place& index, const std::vector<Place>& more,
                     const Json& members, Descriptors images) {
  for (const auto& image : more) {
    require_oci(session, image, "an index");
    take(session, index, image, images);
  }
  const auto to = open_oci(session, index, Use::write);
  return put(*to.repository, members, images, index.reference->tag_or_latest());
}

} // namespace

IndexResult make_index(Session& session, const Place& index, const std::vector<Place>& images) {
  check(session, index);
  return complete(session, index, images, Json::object(), {});
}

IndexResult add_to_index(Session& session, const Place& index, const std::vector<Place>& images) {
  check(session, index);
  const auto from = open_oci(session, index, Use::read);
  const auto root = read_root(from);
  return complete(session, index, images, members_of(root), images_of(*from.repository, root));
}

IndexResult filter_index(Session& session, const Place& index,
                         const std::vector<oci::Platform>& platforms) {
  check(session, index);
  const auto from = open_oci(session, index, Use::read);
  auto root = read_root(from);
  if (root.manifest.kind != oci::Manifest::Kind::index) {
    throw Error(ErrorKind::usage, index.to_string() + " is no index, but one image");
  }
  const auto kept = narrow_index(*from.repository, root, platforms);
  from.repository->put_manifest(kept.document, index.reference->tag_or_latest());
  from.repository->finish();
  return {kept.document.digest, kept.manifest.manifests.size()};
}

} // namespace regctl::ops
