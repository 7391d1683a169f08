// SPDX-License-Identifier: Apache-2.0
#include "ops/places/engine_names.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/docker_archive.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace regctl::ops {

namespace {

std::optional<Reference> read_name(const std::string& text) {
  try {
    auto name = Reference::parse(text);
    name.tag = name.tag_or_latest();
    return name;
  } catch (const Error&) {
    return std::nullopt; // podman's "<none>:<none>", and what else is no name
  }
}

bool is_wanted(const std::optional<Reference>& name, const std::optional<Reference>& wanted) {
  if (!wanted) {
    return true;
  }
  return name && name->host == wanted->host && name->name == wanted->name &&
         (!wanted->tag || name->tag == wanted->tag);
}

bool is_before(const EngineName& a, const EngineName& b) {
  const auto key = [](const EngineName& entry) {
    return std::tuple(!entry.name, entry.name.value_or(Reference{}), entry.image.id);
  };
  return key(a) < key(b);
}

/// "host:5000/app" for "host:5000/app:1.0", as the engine writes it.
std::string engine_repository(Reference reference) {
  reference.tag.reset();
  reference.digest.reset();
  return archive_name(reference);
}

} // namespace

std::string engine_name(const Reference& reference) {
  auto named = reference;
  named.tag = reference.tag_or_latest();
  return archive_name(named);
}

std::vector<EngineName> list_engine_names(Session& session, const Place& place) {
  registry::DockerEngine engine(session.client());
  std::vector<EngineName> names;
  for (auto& image : engine.list()) {
    std::vector<std::optional<Reference>> found;
    for (const auto& name : image.names) {
      if (auto reference = read_name(name)) {
        found.emplace_back(std::move(reference));
      }
    }
    if (found.empty()) {
      found.emplace_back();
    }
    for (auto& name : found) {
      if (is_wanted(name, place.reference)) {
        names.push_back({std::move(name), image});
      }
    }
  }
  if (names.empty() && place.reference) {
    throw Error(ErrorKind::not_found,
                engine.describe() + " has no image " + archive_name(*place.reference),
                "regctl images docker-daemon: lists those that it has");
  }
  std::sort(names.begin(), names.end(), is_before);
  return names;
}

std::string tag_in_engine(Session& session, const std::string& from, const Reference& to) {
  registry::DockerEngine engine(session.client());
  engine.tag(from, engine_repository(to), to.tag_or_latest());
  Place there;
  there.kind = Place::Kind::docker_daemon;
  there.reference = to;
  there.reference->tag = to.tag_or_latest();
  return list_engine_names(session, there).front().image.id;
}

void remove_from_engine(Session& session, const Reference& name) {
  registry::DockerEngine(session.client()).remove(engine_name(name));
}

void remove_repository_from_engine(Session& session, const Place& repository) {
  registry::DockerEngine engine(session.client());
  for (const auto& entry : list_engine_names(session, repository)) {
    engine.remove(engine_name(*entry.name));
  }
}

} // namespace regctl::ops
