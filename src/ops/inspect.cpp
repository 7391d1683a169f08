// SPDX-License-Identifier: Apache-2.0
#include "ops/places/open.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/inspect.hpp>

namespace regctl::ops {

ImageDetails inspect(Session& session, const Place& place) {
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

V1Tags list_tags(Session& session, const Place& place) {
  return open_repository(session, place)->tags();
}

} // namespace regctl::ops
