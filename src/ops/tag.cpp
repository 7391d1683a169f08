// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/copy_images.hpp"
#include "ops/places/engine_names.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/places/storage.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/tag.hpp>
#include <regctl/registry/registries.hpp>

#include <system_error>

namespace regctl::ops {

namespace {

/// Makes the images known to another repository by an announced push that sends no image.
void announce_and_tag(Session& session, V1Repository& source, const std::string& id,
                      const Place& to) {
  V1PushPlan plan;
  for (const auto& member : read_chain(session, source, id)) {
    plan.ids.insert(plan.ids.begin(), member.image.id);
  }
  plan.tags[to.reference->tag_or_latest()] = id;
  const auto target = open_repository(session, to);
  target->start_push(plan)->finish(
      [&](const std::string&, const std::string& tagged, const std::string& where) {
        session.progress().tagging(tagged, where);
      });
}

bool is_tree(const Place& place) {
  return place.is_storage();
}

bool is_engine(const Place& place) {
  return place.kind == Place::Kind::docker_daemon;
}

bool are_in_one_store(const Place& one, const Place& other) {
  if (one.kind != other.kind) {
    return false;
  }
  if (is_engine(one)) {
    return true;
  }
  return is_tree(one) ? is_one_tree(one.path, other.path)
                      : one.reference->host == other.reference->host;
}

void check_repository(const V1Storage& tree, const std::string& name) {
  if (!tree.has_repository(name)) {
    throw Error(ErrorKind::not_found,
                "there is no repository " + name + " in v1-storage:" + tree.location());
  }
}

} // namespace

std::string tag_image(Session& session, const Place& from, const Place& to) {
  if (!are_in_one_store(from, to)) {
    throw Error(ErrorKind::usage,
                from.to_string() + " and " + to.to_string() + " are not in the same " +
                    (is_tree(from) && is_tree(to) ? "storage tree" : "registry"),
                "regctl copy moves images from one to the other");
  }
  if (is_engine(from)) {
    return tag_in_engine(session, engine_name(*from.reference), *to.reference);
  }
  if (holds_oci_alone(session, from)) { // what the other repository lacks is mounted there
    return copy_oci_images(session, from, to, {}).tags.front().id;
  }
  const auto source = open_repository(session, from);
  const auto id = select_images(*source, from, Select::one).front().id;
  if (from.reference->name == to.reference->name) {
    source->put_tag(to.reference->tag_or_latest(), id);
  } else {
    announce_and_tag(session, *source, id, to);
  }
  return id;
}

void tag_id(Session& session, const std::string& id, const Place& to) {
  require_v1(session, to, "tagging by an image's ID");
  if (!is_v1_id(id)) {
    throw Error(ErrorKind::usage, "'" + id + "' is not an image ID", "give all 64 digits");
  }
  if (is_engine(to)) {
    tag_in_engine(session, id, *to.reference);
    return;
  }
  const auto repository = open_repository(session, to);
  if (!repository->find_image(id)) {
    throw Error(ErrorKind::not_found,
                "image " + short_id(id) + " is not " +
                    (is_tree(to) ? "in v1-storage:" + to.path : "at " + to.reference->host));
  }
  repository->put_tag(to.reference->tag_or_latest(), id);
}

void remove_tag(Session& session, const Place& tag) {
  if (is_engine(tag)) {
    remove_from_engine(session, *tag.reference);
    return;
  }
  if (holds_oci_alone(session, tag)) {
    auto place = open_oci(session, tag, Use::read);
    if (tag.reference->digest) {
      place.repository->remove_manifest(oci::Digest::parse(*tag.reference->digest, "the digest"));
    } else {
      place.repository->remove_tag(tag.reference->tag_or_latest());
    }
    place.repository->finish();
    return;
  }
  refuse_digest(tag, ErrorKind::unsupported);
  open_repository(session, tag)->remove_tag(tag.reference->tag_or_latest());
}

void remove_repository(Session& session, const Place& repository) {
  if (is_engine(repository)) {
    remove_repository_from_engine(session, repository);
    return;
  }
  if (holds_oci_alone(session, repository)) {
    open_oci(session, repository, Use::read).repository->remove();
    return;
  }
  open_repository(session, repository)->remove();
}

RepositoryAccess repository_access(Session& session, const Place& repository) {
  require_v1(session, repository, "the access of a repository");
  const auto& name = repository.reference->name;
  if (is_tree(repository)) {
    const auto tree = open_storage_tree(session, repository.path);
    check_repository(*tree, name);
    return tree->is_private(name) ? RepositoryAccess::restricted : RepositoryAccess::open;
  }
  return session.registries().v1({repository.reference->host}).access(name);
}

void set_repository_access(Session& session, const Place& repository, RepositoryAccess access) {
  require_v1(session, repository, "the access of a repository");
  const auto& name = repository.reference->name;
  if (is_tree(repository)) {
    const auto tree = open_storage_tree(session, repository.path);
    check_repository(*tree, name);
    tree->set_private(name, access == RepositoryAccess::restricted);
    return;
  }
  session.registries().v1({repository.reference->host}).set_access(name, access);
}

} // namespace regctl::ops
