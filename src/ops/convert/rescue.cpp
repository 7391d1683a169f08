// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/rescue.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

namespace regctl::ops {

namespace {

/// The IDs of a chain, base first, as the JSONs tell them, whatever the state of the layers is.
std::vector<std::string> read_ids(V1Repository& source, const std::string& top) {
  std::vector<std::string> ids;
  const bool has_end = walk_parents(top, [&](const std::string& id) {
    const auto json = source.json_of(id);
    if (!json) {
      throw Error(ErrorKind::not_found,
                  "image " + short_id(id) + " is not at " + source.describe());
    }
    ids.push_back(id);
    return parse_v1_image(*json).parent;
  });
  if (!has_end) {
    throw Error(ErrorKind::protocol, "the parents of image " + short_id(top) + " of " +
                                         source.describe() + " have no end");
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

/// How many images, from the base on, the source has with their layers, as far as it tells that
/// before it reads those.
std::size_t count_present(V1Repository& source, const std::vector<std::string>& ids) {
  const auto is_present = [&](const std::string& id) {
    try {
      return source.look_up(id).state == V1ImageState::complete;
    } catch (const Error& error) {
      if (!is_damage(error.kind()) && error.kind() != ErrorKind::local_io) {
        throw;
      }
      return false;
    }
  };
  const auto absent = std::find_if_not(ids.begin(), ids.end(), is_present);
  return static_cast<std::size_t>(absent - ids.begin());
}

/// How many items can be moved, from the base on. `has_bad_layer` says whether an error was the
/// source's: what a destination refuses may be sound.
std::size_t move_sound_items(Transfer& transfer, const std::vector<Item>& items,
                             std::atomic<bool>& has_bad_layer) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    has_bad_layer = false;
    try {
      transfer.move(i);
    } catch (const Error&) {
      if (!has_bad_layer) {
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
  const auto ids = read_ids(route.source, id);
  const auto present = count_present(route.source, ids);
  if (present == 0) {
    return Rescue::nothing;
  }
  auto once = route; // the damaged layer was read twice already
  once.takes_first_attempt = true;
  std::atomic<bool> has_bad_layer = false;
  once.on_bad_layer = [&](const std::string&, ErrorKind) { has_bad_layer = true; };
  const auto whole = make_v1_to_oci_transfer(once, layers, ids[present - 1], tag);
  const auto sound = move_sound_items(*whole, whole->items(), has_bad_layer);
  if (sound == 0 || sound == ids.size()) {
    return Rescue::nothing;
  }
  const auto& top = ids[sound - 1];
  const auto what = route.destination.describe() + ":" + name;
  route.session.progress().note(what + " has what is sound of image " + short_id(id) + ": " +
                                std::to_string(sound) + " of " + std::to_string(ids.size()) +
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
