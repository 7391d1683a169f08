// SPDX-License-Identifier: Apache-2.0
#include "ops/places/oci_open.hpp"

#include "ops/places/engine_images.hpp"
#include "ops/places/nearest.hpp"
#include "ops/places/storage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/formats/oci_archive.hpp>
#include <regctl/formats/oci_layout.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

OciPlace from_images(const Place& place, std::unique_ptr<OciImages> images) {
  auto* const listed = images.get();
  return {place, std::move(images), listed};
}

/// The name by which a layout or an archive has the image of `place`; empty if the place names
/// none.
std::string wanted_entry(const Place& place) {
  if (place.has_entries()) {
    return place.entry.value_or("");
  }
  return place.reference ? archive_name(*place.reference) : std::string();
}

/// Whether an image that has no name follows another one.
bool is_referrer(OciImages& images, const oci::NamedManifest& entry) {
  if (!entry.tag.empty()) {
    return false;
  }
  try {
    const auto document = images.read_manifest(entry.manifest.digest);
    return document && oci::Manifest::parse(document->bytes, document->media_type, "a manifest")
                           .subject.has_value();
  } catch (const Error& error) { // its own reader tells of the damage
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return false;
  }
}

std::string list_entries(const std::vector<oci::NamedManifest>& entries) {
  constexpr std::size_t k_most = 20;
  std::vector<std::string> texts;
  for (const auto& entry : entries) {
    texts.push_back(entry.manifest.digest.to_string() +
                    (entry.tag.empty() ? "" : " (" + entry.tag + ")"));
  }
  return list_some(texts, k_most);
}

OciSelected select_entry(const OciPlace& from) {
  const auto wanted = wanted_entry(from.place);
  if (const auto digest = oci::Digest::find(wanted)) {
    return {*digest, ""};
  }
  if (!wanted.empty()) {
    const auto entries = from.images->entries();
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const oci::NamedManifest& entry) {
          return entry.tag == wanted || entry.ref_name == wanted || entry.full_name == wanted;
        });
    if (found == entries.end()) {
      throw_no_oci_image(*from.repository, oci::ManifestName::tag(wanted));
    }
    return {oci::ManifestName::tag(wanted), found->tag};
  }
  const auto own = own_entries(*from.images);
  if (own.empty()) {
    throw Error(ErrorKind::not_found, from.repository->describe() + " holds no image");
  }
  const auto& first = own.front();
  const bool is_one = std::all_of(own.begin(), own.end(), [&](const auto& entry) {
    return entry.manifest.digest == first.manifest.digest;
  });
  if (!is_one) {
    throw Error(ErrorKind::usage,
                from.repository->describe() + " holds several images: " + list_entries(own),
                "name one behind a colon, or its digest behind '@'");
  }
  return {first.manifest.digest, first.tag};
}

OciPlace open_tree(Session& session, const Place& place, Use use) {
  if (!place.reference) {
    throw Error(ErrorKind::usage, place.to_string() + " names no repository",
                "write " + place.to_string() + ":NAME[:TAG]");
  }
  const auto storage =
      open_v2_storage(session, place.path,
                      use == Use::write ? V2Storage::Missing::create : V2Storage::Missing::error);
  return {place, storage->repository(place.reference->name_in_v2())};
}

OciPlace open_engine(Session& session, const Place& place, Use use) {
  if (use == Use::write) {
    return from_images(place, start_engine_images(session));
  }
  if (!place.reference) {
    throw Error(ErrorKind::usage, "docker-daemon: wants the name of an image",
                "write docker-daemon:NAME:TAG");
  }
  return from_images(place, open_engine_images(session, *place.reference));
}

} // namespace

OciPlace open_oci(Session& session, const Place& place, Use use) {
  switch (place.kind) {
  case Place::Kind::registry:
    return {place, session.registries()
                       .v2({place.reference->host, place.protocol})
                       .open(place.reference->name_in_v2())};
  case Place::Kind::oci_layout:
    return from_images(place, open_oci_layout(place.path, use == Use::write ? MissingLayout::create
                                                                            : MissingLayout::fail));
  case Place::Kind::v2_storage:
    return open_tree(session, place, use);
  case Place::Kind::oci_archive:
    return from_images(place, use == Use::write ? start_oci_archive(place.path)
                                                : open_oci_archive(place.path));
  case Place::Kind::docker_archive:
    return from_images(place, use == Use::write ? start_docker_archive(place.path)
                                                : ImageArchive::open(place.path)->oci());
  case Place::Kind::docker_daemon:
    return open_engine(session, place, use);
  case Place::Kind::v1_storage:
    break;
  }
  throw Error(ErrorKind::unsupported, "this version of regctl cannot " +
                                          std::string(use == Use::read ? "read " : "write ") +
                                          place.to_string() + " as OCI images");
}

OciPlace open_oci_store(Session& session, const Place& place) {
  if (place.kind != Place::Kind::registry && place.kind != Place::Kind::oci_layout &&
      !place.is_storage()) {
    throw Error(ErrorKind::unsupported,
                place.to_string() + " takes whole images alone, as 'regctl copy' writes them",
                "put it into a layout: oci:DIR");
  }
  return open_oci(session, place, Use::write);
}

std::optional<Reference> name_of(const OciPlace& from, const OciSelected& image) {
  if (from.images == nullptr) {
    auto name = *from.place.reference;
    name.digest.reset();
    name.tag = image.tag.empty() ? std::nullopt : std::optional(image.tag);
    return name;
  }
  if (image.tag.find('/') == std::string::npos) {
    return std::nullopt; // a bare tag, or no name
  }
  try {
    return Reference::parse(image.tag);
  } catch (const Error&) {
    return std::nullopt; // any text may be a name in a layout
  }
}

[[noreturn]] void throw_nameless(const OciPlace& from) {
  throw Error(ErrorKind::usage,
              "an image of " + from.repository->describe() + " has no name to keep",
              "name it at the destination");
}

std::string own_tag(const OciSelected& image, const std::optional<Reference>& name) {
  if (name) {
    return name->tag_or_latest();
  }
  return is_tag(image.tag) ? image.tag : "latest";
}

std::vector<oci::NamedManifest> own_entries(OciImages& images) {
  auto entries = images.entries();
  auto own = entries;
  std::erase_if(own, [&](const auto& entry) { return is_referrer(images, entry); });
  return own.empty() ? entries : own;
}

OciSelected select_oci_image(const OciPlace& from) {
  if (from.images != nullptr) {
    return select_entry(from);
  }
  const auto& reference = *from.place.reference;
  if (reference.digest) {
    return {oci::Digest::parse(*reference.digest, "the digest"), reference.tag.value_or("")};
  }
  const auto tag = reference.tag_or_latest();
  return {oci::ManifestName::tag(tag), tag};
}

std::vector<OciSelected> select_all_oci_images(const OciPlace& from) {
  std::vector<OciSelected> selected;
  if (from.images != nullptr) {
    for (const auto& entry : own_entries(*from.images)) {
      selected.push_back({entry.manifest.digest, entry.tag});
    }
  } else {
    for (auto& tag : list_oci_tags(*from.repository)) {
      auto name = oci::ManifestName::tag(tag);
      selected.push_back({std::move(name), std::move(tag)});
    }
  }
  if (selected.empty()) {
    throw Error(ErrorKind::not_found, from.repository->describe() + " has no tags");
  }
  return selected;
}

std::vector<std::string> list_oci_tags(OciRepository& repository, bool all) {
  std::vector<std::string> tags;
  repository.list_tags([&](const std::vector<std::string>& names) {
    std::copy_if(names.begin(), names.end(), std::back_inserter(tags),
                 [&](const std::string& name) { return all || !oci::subject_of_tag(name); });
  });
  sort_and_unite(tags);
  return tags;
}

OciTags list_named_and_attached(OciRepository& repository) {
  OciTags tags;
  repository.list_tags([&](const std::vector<std::string>& names) {
    for (const auto& name : names) {
      const auto subject = oci::subject_of_tag(name);
      if (!subject) {
        tags.names.push_back(name);
      } else if (name == oci::referrers_tag(*subject)) { // that list is kept by put_manifest()
        tags.subjects.emplace(subject->to_string(), name);
      } else {
        tags.attached.emplace(name, subject->to_string());
      }
    }
  });
  sort_and_unite(tags.names);
  return tags;
}

void throw_no_oci_image(OciRepository& repository, const oci::ManifestName& name) {
  if (name.digest()) {
    throw Error(ErrorKind::not_found,
                "there is no manifest " + repository.describe() + "@" + name.to_string());
  }
  const auto what = "there is no tag " + repository.describe() + ":" + name.to_string();
  std::vector<std::string> tags;
  try {
    tags = list_oci_tags(repository);
  } catch (const Error& error) { // without a list there is no hint
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
  }
  throw Error(ErrorKind::not_found, what, suggestion(name.to_string(), tags));
}

} // namespace regctl::ops
