// SPDX-License-Identifier: Apache-2.0
#include "ops/chain.hpp"
#include "ops/open.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/tag.hpp>
#include <regctl/registry/registries.hpp>

namespace regctl::ops {

namespace {

/// Another repository learns of the images by an announced push that sends none.
void announce_and_tag(Session& session, V1Repository& source, const std::string& id,
                      const Reference& to) {
  V1PushPlan plan;
  for (const auto& member : read_chain(session, source, id)) {
    plan.ids.insert(plan.ids.begin(), member.image.id);
  }
  plan.tags[to.tag_or_latest()] = id;
  const auto target = session.registries().v1({to.host}).open(to.name);
  target->start_push(plan)->finish(
      [&](const std::string&, const std::string& tagged, const std::string& where) {
        session.progress().tagging(tagged, where);
      });
}

Place place_of(const Reference& reference) {
  Place place;
  place.reference = reference;
  return place;
}

} // namespace

std::string tag_image(Session& session, const Reference& from, const Reference& to) {
  if (from.host != to.host) {
    throw Error(ErrorKind::usage,
                from.to_string() + " and " + to.to_string() + " are at different registries",
                "regctl copy moves images between registries");
  }
  const auto source = open_repository(session, place_of(from));
  const auto id = select_images(*source, place_of(from), Select::one).front().id;
  if (from.name == to.name) {
    source->put_tag(to.tag_or_latest(), id);
  } else {
    announce_and_tag(session, *source, id, to);
  }
  return id;
}

void tag_id(Session& session, const std::string& id, const Reference& to) {
  if (!is_v1_id(id)) {
    throw Error(ErrorKind::usage, "'" + id + "' is not an image ID", "give all 64 digits");
  }
  const auto repository = open_repository(session, place_of(to));
  if (!repository->find_image(id)) {
    throw Error(ErrorKind::not_found, "image " + short_id(id) + " is not at " + to.host);
  }
  repository->put_tag(to.tag_or_latest(), id);
}

void remove_tag(Session& session, const Place& tag) {
  open_repository(session, tag)->remove_tag(tag.reference->tag_or_latest());
}

void remove_repository(Session& session, const Place& repository) {
  open_repository(session, repository)->remove();
}

Access repository_access(Session& session, const Reference& repository) {
  return session.registries().v1({repository.host}).access(repository.name) ==
                 registry::v1::Access::open
             ? Access::open
             : Access::restricted;
}

void set_repository_access(Session& session, const Reference& repository, Access access) {
  session.registries()
      .v1({repository.host})
      .set_access(repository.name, access == Access::open ? registry::v1::Access::open
                                                          : registry::v1::Access::restricted);
}

} // namespace regctl::ops
