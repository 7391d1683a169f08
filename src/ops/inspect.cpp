// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/engine_names.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/ops/inspect.hpp>

#include <algorithm>
#include <map>

namespace regctl::ops {

namespace {

ImageDetails inspect_v1(Session& session, const Place& place) {
  const auto repository = open_repository(session, place);
  const auto selected = select_images(*repository, place, Select::one).front();
  ImageDetails details;
  auto named = place;
  named.reference = selected.name;
  details.place = named.to_string();
  details.id = selected.id;
  for (const auto& [tag, id] : repository->tags()) {
    if (id == selected.id && !is_v1_id(tag)) {
      details.tags.push_back(tag.starts_with(':') ? tag.substr(1) : tag);
    }
  }
  details.chain = read_chain(session, *repository, selected.id);
  return details;
}

/// The manifest that a place names, or its part for the platforms.
ManifestNode read_root(OciPlace& from, const OciSelected& selected, const InspectOptions& options) {
  auto document = from.repository->read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  auto root = to_node(*std::move(document), from.repository->describe());
  return narrow(*from.repository, std::move(root), options.platforms);
}

std::string name_of(const Place& place, const OciSelected& selected) {
  auto named = place;
  if (place.has_entries() && !selected.tag.empty()) {
    named.entry = selected.tag;
  } else if (place.reference && !selected.name.digest()) {
    named.reference->tag = selected.tag;
  }
  return named.to_string();
}

/// The images of an index, and how much each shares with the others. An image that is not there has
/// no size.
std::vector<OciPlatformDetails> inspect_platforms(Session& session, OciRepository& repository,
                                                  const ManifestNode& index) {
  const auto images = list_platforms(repository, index);
  std::vector<std::vector<oci::Descriptor>> blobs(images.size());
  run_parallel(session.jobs(), images.size(), [&](std::size_t i) {
    if (auto document = repository.read_manifest(images[i].descriptor.digest)) {
      blobs[i] = to_node(*std::move(document), repository.describe()).manifest.blobs();
    }
  });
  std::map<oci::Digest, std::size_t> users;
  for (const auto& list : blobs) {
    for (const auto& blob : list) {
      ++users[blob.digest];
    }
  }
  std::vector<OciPlatformDetails> details;
  for (std::size_t i = 0; i < images.size(); ++i) {
    OciPlatformDetails image{images[i].descriptor, images[i].platform};
    for (const auto& blob : blobs[i]) {
      add_size(image.size_bytes, blob.size_bytes);
      if (users.at(blob.digest) > 1) {
        add_size(image.shared_bytes, blob.size_bytes);
      }
    }
    details.push_back(std::move(image));
  }
  return details;
}

OciDetails inspect_oci(Session& session, const Place& place, const InspectOptions& options) {
  auto from = open_oci(session, place, Use::read);
  const auto selected = select_oci_image(from);
  auto root = read_root(from, selected, options);
  OciDetails details{name_of(place, selected), root.document, root.manifest, {}, {}, {}};
  if (root.manifest.kind == oci::Manifest::Kind::index) {
    details.platforms = inspect_platforms(session, *from.repository, root);
  } else if (root.manifest.config && oci::is_image_config(root.manifest.config->media_type)) {
    details.config_bytes = read_config(*from.repository, root.manifest);
    details.config = oci::Config::parse(details.config_bytes,
                                        "config " + root.manifest.config->digest.to_string());
  }
  return details;
}

std::vector<ListedTag> list_v1_tags(Session& session, const Place& place) {
  std::vector<ListedTag> listed;
  for (auto& [tag, id] : open_repository(session, place)->tags()) {
    const bool is_broken = !id;
    listed.push_back({tag, id, is_broken});
  }
  return listed;
}

std::vector<ListedTag> list_engine_tags(Session& session, const Place& place) {
  auto repository = place;
  if (repository.reference) {
    repository.reference->tag.reset();
  }
  std::vector<ListedTag> listed;
  for (auto& entry : list_engine_names(session, repository)) {
    if (entry.name) {
      listed.push_back({archive_name(*entry.name), std::move(entry.image.id)});
    }
  }
  return listed;
}

std::vector<ListedTag> list_oci_place(Session& session, const Place& place, Identities identities) {
  auto from = open_oci(session, place, Use::read);
  std::vector<ListedTag> listed;
  if (from.images != nullptr) {
    for (const auto& entry : own_entries(*from.images)) {
      const auto digest = entry.manifest.digest.to_string();
      listed.push_back({entry.tag.empty() ? digest : entry.tag, digest});
    }
    return listed;
  }
  for (auto& tag : list_oci_tags(*from.repository)) {
    listed.push_back({std::move(tag), std::nullopt});
  }
  if (identities == Identities::all) {
    run_parallel(session.jobs(), listed.size(), [&](std::size_t i) {
      const auto found = from.repository->find_manifest(oci::ManifestName::tag(listed[i].tag));
      listed[i].is_broken = !found;
      listed[i].id = found ? std::optional(found->digest.to_string()) : std::nullopt;
    });
  }
  return listed;
}

} // namespace

Inspected inspect(Session& session, const Place& place, const InspectOptions& options) {
  if (holds_oci_alone(session, place)) {
    return inspect_oci(session, place, options);
  }
  if (!options.platforms.empty()) {
    throw Error(ErrorKind::unsupported, "images of protocol v1 are for one platform",
                "leave out --platform");
  }
  return inspect_v1(session, place);
}

std::vector<ListedTag> list_tags(Session& session, const Place& place, Identities identities) {
  if (place.kind == Place::Kind::docker_daemon) {
    return list_engine_tags(session, place);
  }
  return holds_oci_alone(session, place) ? list_oci_place(session, place, identities)
                                         : list_v1_tags(session, place);
}

oci::Digest find_digest(Session& session, const Place& place, const InspectOptions& options) {
  if (!holds_oci_alone(session, place)) {
    throw Error(ErrorKind::unsupported,
                place.to_string() + " holds v1 images, which have no digest",
                "regctl tags -l shows their IDs");
  }
  auto from = open_oci(session, place, Use::read);
  const auto selected = select_oci_image(from);
  if (!options.platforms.empty()) {
    return read_root(from, selected, options).document.digest;
  }
  const auto found = from.repository->find_manifest(selected.name);
  if (!found) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  return found->digest;
}

} // namespace regctl::ops
