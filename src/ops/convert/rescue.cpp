// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/rescue.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/problem.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace regctl::ops {

namespace {

/// How many items can be moved, from the base on.
std::size_t move_sound_items(Transfer& transfer, const std::vector<Item>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    try {
      transfer.move(i);
    } catch (const Error& error) {
      if (!is_damage(error.kind())) {
        throw;
      }
      return i;
    }
  }
  return items.size();
}

/// Whether the tag names what the image becomes, as an earlier run remembers it or the manifest
/// says.
bool is_there(const ConvertRoute& route, const std::string& id, const oci::ManifestName& tag) {
  const auto known = route.known_manifest ? route.known_manifest(id) : std::nullopt;
  auto there = known ? route.destination.find_manifest(tag) : std::nullopt;
  std::optional<oci::Digest> found;
  if (there && there->digest == known) {
    found = known;
  } else if (route.form == OciForm::oci) { // the other form does not say what it was made from
    found = find_conversion(route, id, tag);
  }
  return found && (route.whole == nullptr ||
                   route.whole->is_whole(route.destination, route.destination_name, *found));
}

} // namespace

std::string rescued_tag(const std::string& tag) {
  return tag + "-rescued";
}

Rescue rescue_image(const ConvertRoute& route, ConvertedLayers& layers, const std::string& id,
                    const std::string& tag) {
  const auto name = rescued_tag(tag);
  if (!is_tag(name) || route.source.tags().contains(name)) {
    return Rescue::nothing;
  }
  auto once = route; // the damaged layer was read twice already
  once.takes_first_attempt = true;
  const auto whole = make_v1_to_oci_transfer(once, layers, id, tag);
  const auto items = whole->items();
  const auto sound = move_sound_items(*whole, items);
  if (sound == 0 || sound == items.size()) {
    return Rescue::nothing;
  }
  const auto top = image_of_item(items[sound - 1]);
  const auto what = route.destination.describe() + ":" + name;
  route.session.progress().note(what + " has what is sound of image " + short_id(id) + ": " +
                                std::to_string(sound) + " of " + std::to_string(items.size()) +
                                " layers");
  if (is_there(route, top, oci::ManifestName::tag(name))) {
    return Rescue::was_there;
  }
  const auto part = make_v1_to_oci_transfer(route, layers, top, name);
  part->items();
  part->finish();
  return Rescue::done;
}

} // namespace regctl::ops
