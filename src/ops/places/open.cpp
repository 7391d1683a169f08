// SPDX-License-Identifier: Apache-2.0
#include "ops/places/open.hpp"

#include "ops/places/engine_names.hpp"
#include "ops/places/nearest.hpp"
#include "ops/places/storage.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/registry/docker_engine.hpp>
#include <regctl/registry/registries.hpp>

#include <algorithm>
#include <set>

namespace regctl::ops {

namespace {

/// Opens an archive and notes what was ignored in it.
std::unique_ptr<V1Repository> open_archive(Session& session,
                                           const std::shared_ptr<DockerArchive>& archive) {
  for (const auto& note : archive->notes()) {
    session.progress().note(note);
  }
  return archive->repository();
}

std::unique_ptr<V1Repository> open_engine(Session& session, const Place& place) {
  if (!place.reference) {
    throw Error(ErrorKind::usage, "docker-daemon: wants the name of an image",
                "write docker-daemon:NAME:TAG");
  }
  registry::DockerEngine engine(session.client());
  const auto name = engine_name(*place.reference);
  return open_archive(session,
                      DockerArchive::read(engine.save(name), name + " of " + engine.describe()));
}

std::unique_ptr<V1Repository> open_storage(Session& session, const Place& place) {
  const auto storage = open_storage_tree(session, place.path);
  if (place.reference) {
    if (!place.reference->tag) { // ignored tags do not matter to a user who names one tag
      note_strays(session, *storage, place.reference->name);
    }
    return storage->repository(place.reference->name);
  }
  note_strays(session, *storage->snapshot());
  return storage->all_repositories();
}

[[noreturn]] void refuse_unreadable(const V1Repository& repository, const std::string& tag) {
  throw Error(ErrorKind::integrity,
              "tag " + repository.describe() + ":" + tag + " is listed, but cannot be read",
              "regctl audit " + repository.describe() + " finds out what else is damaged there");
}

Selected select_tag(V1Repository& repository, const Reference& reference) {
  const auto tags = repository.tags();
  const auto tag = reference.tag_or_latest();
  const auto found = tags.find(tag);
  if (found == tags.end()) {
    std::vector<std::string> names;
    names.reserve(tags.size());
    for (const auto& [name, id] : tags) {
      names.push_back(name);
    }
    throw Error(ErrorKind::not_found, "there is no tag " + repository.describe() + ":" + tag,
                suggestion(tag, names));
  }
  if (!found->second) {
    refuse_unreadable(repository, tag);
  }
  auto name = reference;
  name.tag = tag;
  return {name, *found->second, ""};
}

std::vector<Selected> select_all_tags(V1Repository& repository, const Reference& reference) {
  std::vector<Selected> selected;
  for (const auto& [tag, id] : repository.tags()) {
    if (!id) {
      refuse_unreadable(repository, tag);
    }
    auto name = reference;
    name.tag = tag;
    selected.push_back({name, *id, ""});
  }
  if (selected.empty()) {
    throw Error(ErrorKind::not_found, repository.describe() + " has no tags");
  }
  return selected;
}

/// All images of an archive or a whole storage tree: by their names, and those without a name by
/// their IDs.
std::vector<Selected> contents_of(V1Repository& archive, const Place& place, Select select) {
  std::vector<Selected> contents;
  for (const auto& [key, id] : archive.tags()) {
    if (!id) { // in a tree: archives know the ID of each tag
      if (select == Select::all_tags) {
        refuse_unreadable(archive, key);
      }
      continue;
    }
    if (key.starts_with(':')) {
      contents.push_back({std::nullopt, *id, key.substr(1)});
    } else if (is_v1_id(key)) {
      contents.push_back({std::nullopt, *id, ""});
    } else {
      contents.push_back({parse_name_in(place.kind, key), *id, ""});
    }
  }
  return contents;
}

/// Whether `wanted`, which the user may have typed without its host, names the repository `found`.
/// Parts of names do not match.
bool is_same_repository(const Reference& wanted, const Reference& found) {
  return wanted.name == found.name && (wanted.host == found.host || wanted.host == "docker.io");
}

bool is_wanted(const Reference& wanted, const Selected& image) {
  if (!image.name) { // a tag recorded without a name looks like a name on the command line
    return !image.tag.empty() && wanted.to_familiar_string() == image.tag;
  }
  return is_same_repository(wanted, *image.name) && (!wanted.tag || wanted.tag == image.name->tag);
}

/// The name of an archive's image in messages.
std::string shown(const Selected& image) {
  return image.name          ? archive_name(*image.name)
         : image.tag.empty() ? short_id(image.id)
                             : image.tag;
}

[[noreturn]] void ask_which(const V1Repository& archive, const std::vector<Selected>& contents) {
  std::string names;
  for (const auto& image : contents) {
    names += (names.empty() ? "" : ", ") + shown(image);
  }
  throw Error(ErrorKind::usage, archive.describe() + " holds several images: " + names,
              "name one behind a colon (FILE:NAME:TAG), or take them all with --all-tags");
}

std::vector<Selected> select_in_archive(V1Repository& archive, const Place& place, Select select) {
  auto contents = contents_of(archive, place, select);
  if (place.reference) {
    const auto& wanted = *place.reference;
    std::vector<std::string> names;
    names.reserve(contents.size());
    for (const auto& image : contents) {
      names.push_back(image.name ? image.name->to_string() : shown(image));
    }
    std::erase_if(contents, [&](const Selected& image) { return !is_wanted(wanted, image); });
    if (contents.empty()) {
      throw Error(ErrorKind::not_found,
                  archive.describe() + " holds no image " + wanted.to_familiar_string(),
                  suggestion(wanted.to_string(), names));
    }
  }
  if (contents.empty()) {
    throw Error(ErrorKind::not_found, archive.describe() + " holds no image");
  }
  const bool is_one_image =
      std::all_of(contents.begin(), contents.end(),
                  [&](const Selected& image) { return image.id == contents.front().id; });
  if (select == Select::one && !is_one_image) {
    ask_which(archive, contents);
  }
  return contents;
}

} // namespace

Progress::Verb verb_for(const Place& from, const Place& to) {
  const bool from_registry = from.kind == Place::Kind::registry;
  const bool to_registry = to.kind == Place::Kind::registry;
  return from_registry == to_registry ? Progress::Verb::copying
         : from_registry              ? Progress::Verb::pulling
                                      : Progress::Verb::pushing;
}

std::unique_ptr<V1Repository> open_repository(Session& session, const Place& place) {
  switch (place.kind) {
  case Place::Kind::registry:
    return session.registries().v1({place.reference->host}).open(place.reference->name);
  case Place::Kind::docker_archive:
    return open_archive(session, DockerArchive::open(place.path));
  case Place::Kind::docker_daemon:
    return open_engine(session, place);
  case Place::Kind::v1_storage:
    return open_storage(session, place);
  case Place::Kind::oci_layout:
  case Place::Kind::oci_archive:
  case Place::Kind::v2_storage:
    break;
  }
  throw Error(ErrorKind::unsupported,
              "this version of regctl cannot read or write " + place.to_string());
}

void note_strays(Session& session, const V1Storage& storage,
                 const std::optional<std::string>& name) {
  constexpr std::size_t k_most_named = 3;
  std::string named;
  std::size_t count = 0;
  const auto on_path = [&](const std::string& path) {
    if (++count <= k_most_named) {
      named += (named.empty() ? "" : ", ") + path;
    }
  };
  if (name) {
    storage.for_each_stray_in(*name, on_path);
  } else {
    storage.for_each_stray(on_path);
  }
  if (count > 0) {
    session.progress().note(
        "'" + storage.location() +
        "': passed over is what no image, repository or tag "
        "is named like: " +
        named +
        (count > k_most_named ? " and " + std::to_string(count - k_most_named) + " more" : ""));
  }
}

std::vector<Selected> select_images(V1Repository& repository, const Place& place, Select select) {
  const bool is_repository = place.kind == Place::Kind::registry ||
                             (place.kind == Place::Kind::v1_storage && place.reference);
  if (!is_repository) {
    return select_in_archive(repository, place, select);
  }
  if (select == Select::all_tags) {
    return select_all_tags(repository, *place.reference);
  }
  refuse_digest(place, ErrorKind::unsupported);
  return {select_tag(repository, *place.reference)};
}

} // namespace regctl::ops
