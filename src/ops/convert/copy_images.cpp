// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/copy_images.hpp"

#include "ops/convert/chain_fault.hpp"
#include "ops/convert/rescue.hpp"
#include "ops/places/copy_targets.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/transfer/move_items.hpp"
#include "ops/transfer/one_of_several.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/ops/problem.hpp>

#include <atomic>
#include <map>
#include <utility>

namespace regctl::ops {

namespace {

struct MoveToOci {
  Selected source;
  Place target; ///< with its name
  std::string tag;
};

MoveToOci plan_move(const Selected& image, const Place& to, const CopyOptions& options) {
  MoveToOci move{image, to, {}};
  const auto own_tag = image.name ? image.name->tag_or_latest() : std::string("latest");
  if (to.has_entries()) {
    move.tag = to.entry.value_or(own_tag);
    move.target.entry = move.tag;
    return move;
  }
  auto& target = move.target.reference;
  if (!target) {
    if (!image.name) {
      throw Error(ErrorKind::usage, "image " + short_id(image.id) + " has no name to keep",
                  "name it at the destination: HOST[:PORT]/NAME:TAG");
    }
    target = image.name;
    if (options.host) {
      target->host = options.host->host;
      target->name = with_namespace(options.name_space, target->name);
      move.target.protocol = options.host->protocol;
    }
  }
  if (target->digest) {
    throw Error(ErrorKind::usage, "a converted image has a digest of its own",
                "name a tag at the destination");
  }
  if (!target->tag) {
    target->tag = own_tag;
  }
  move.tag = *target->tag;
  if (!v2_paths::is_nameable_repository(target->name_in_v2())) {
    throw Error(ErrorKind::usage, "no v2 registry takes the name " + target->name_in_v2(),
                "give it another one at the destination, as " +
                    v2_paths::propose_repository(target->name_in_v2()));
  }
  return move;
}

std::vector<MoveToOci> plan_moves(V1Repository& source, const Place& from, const Place& to,
                                  const CopyOptions& options) {
  const auto select = options.tags == TagChoice::all ? Select::all_tags : Select::one;
  std::vector<MoveToOci> moves;
  CopyTargets targets;
  for (const auto& image : select_images(source, from, select)) {
    auto move = plan_move(image, to, options);
    if (targets.take(move.target.to_string(), image.id)) {
      moves.push_back(std::move(move));
    }
  }
  return moves;
}

/// The digest of the tag's image if that was made from this one. Only OCI's form says so.
std::optional<std::string> find_made(const ConvertRoute& route, const MoveToOci& move) {
  if (route.form != OciForm::oci || move.target.kind == Place::Kind::oci_archive) {
    return std::nullopt; // an archive is begun, and has nothing yet
  }
  const auto found = find_conversion(route, move.source.id, oci::ManifestName::tag(move.tag));
  return found ? std::optional(found->to_string()) : std::nullopt;
}

/// The repository of a target, without its tag.
Place repository_of(Place place) {
  if (place.has_entries()) {
    place.entry.reset();
  } else {
    place.reference->tag.reset();
  }
  return place;
}

/// Converts one image, its layers in parallel.
void convert(const ConvertRoute& route, ConvertedLayers& layers, const MoveToOci& move,
             CopiedTag& copied, CopyReport& report) {
  const auto transfer = make_v1_to_oci_transfer(route, layers, move.source.id, move.tag);
  const auto moved = move_items(route.session, *transfer);
  copied.is_verified = copied.is_verified && moved.are_verified;
  report.images_skipped += moved.were_there;
  report.images_copied += moved.copied;
  report.bytes_copied += moved.bytes;
}

/// Whether the transfer of an image ended with an error of this kind since a layer is not there, or
/// cannot be opened.
bool lacks_layer(const ConvertRoute& route, const std::string& id, ErrorKind kind) {
  if (kind != ErrorKind::local_io && kind != ErrorKind::unavailable) {
    return false;
  }
  try {
    const auto fault = find_chain_fault(route, id, FaultSearch::images);
    return fault && fault->is_of_layer();
  } catch (const Error&) {
    return false; // the error of the transfer tells enough
  }
}

} // namespace

CopyReport convert_v1_images(Session& session, const Place& from, const Place& to,
                             const CopyOptions& options) {
  const auto source = open_repository(session, from);
  CopyReport report;
  ConvertedLayers layers;
  DockerInstead docker;
  BlobPlaces places;
  std::map<std::string, OciPlace> targets;
  const auto moves = plan_moves(*source, from, to, options);
  for (const auto& move : moves) {
    const auto place = repository_of(move.target);
    const auto key = place.to_string();
    auto found = targets.find(key);
    if (found == targets.end()) {
      found = targets.emplace(key, open_oci(session, place, Use::write)).first;
    }
    auto& target = *found->second.repository;
    auto here = from;
    here.reference = move.source.name;
    CopiedTag copied{here.to_string(), move.target.to_string(), {}};
    ConvertRoute route{session,
                       *source,
                       target,
                       place.reference ? place.reference->name_in_v2() : "",
                       places,
                       options.form,
                       verb_for(from, to),
                       {},
                       options.check,
                       options.require_checksum};
    route.assumed = assumed_platform(options.platforms);
    route.docker = &docker;
    std::atomic<bool> is_unreadable = false;
    route.on_bad_layer = [&](const std::string&, ErrorKind why) {
      is_unreadable = is_unreadable || why == ErrorKind::local_io;
    };
    if (const auto made = find_made(route, move)) {
      session.progress().note(move.target.to_string() + " was made from this image already");
      copied.id = *made;
      report.tags.push_back(std::move(copied));
      continue;
    }
    try {
      for_tag(copied.source, moves.size(), [&] { convert(route, layers, move, copied, report); });
    } catch (const Error& error) {
      const bool may_be_rescued =
          options.rescue && (is_damage(error.kind()) || is_unreadable ||
                             lacks_layer(route, move.source.id, error.kind()));
      if (!may_be_rescued) {
        throw;
      }
      if (rescue_image(route, layers, move.source.id, move.tag) == Rescue::done) {
        target.finish();
      }
      throw; // the tag itself is not there
    }
    if (const auto made = target.find_manifest(oci::ManifestName::tag(move.tag))) {
      copied.id = made->digest.to_string();
    }
    report.tags.push_back(std::move(copied));
  }
  for (auto& [key, target] : targets) {
    target.repository->finish();
  }
  return report;
}

} // namespace regctl::ops
