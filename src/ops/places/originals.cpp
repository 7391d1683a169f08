// SPDX-License-Identifier: Apache-2.0
#include "ops/places/side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/places/originals.hpp>

namespace regctl::ops {

namespace {

[[noreturn]] void throw_no_originals(const std::string& place) {
  throw Error(ErrorKind::usage, place + " has no v1 images",
              "originals are in a v1 registry, a v1-storage: or a docker-archive:");
}

} // namespace

void check_originals(const Endpoint& originals) {
  const auto* name = originals.reference();
  if (!originals.name_space.empty() || (name != nullptr && (name->tag || name->digest))) {
    throw Error(
        ErrorKind::usage, originals.to_string() + " is no place of originals",
        "name a registry, one repository, a v1-storage: or a docker-archive:, since originals are "
        "found by their IDs");
  }
  const auto kind = originals.place ? originals.place->kind : Place::Kind::registry;
  if (kind != Place::Kind::registry && kind != Place::Kind::v1_storage &&
      kind != Place::Kind::docker_archive) {
    throw_no_originals(originals.to_string());
  }
}

std::unique_ptr<Side> open_originals(Session& session, const Endpoint& originals) {
  auto side = open_source(session, originals);
  if (side->model() != Model::v1) {
    throw_no_originals(side->describe());
  }
  return side;
}

} // namespace regctl::ops
