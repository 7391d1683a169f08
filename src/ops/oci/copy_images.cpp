// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/copy_images.hpp"

#include "ops/oci/layer_packing.hpp"
#include "ops/oci/oci_transfer.hpp"
#include "ops/places/copy_targets.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/storage.hpp"
#include "ops/transfer/move_items.hpp"
#include "ops/transfer/one_of_several.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/ops/places/names.hpp>

#include <map>
#include <optional>
#include <utility>

namespace regctl::ops {

namespace {

/// One image on its way, and where it goes.
struct MoveOfOci {
  OciSelected source;
  Place target;    ///< with its name, if it has one
  std::string tag; ///< at the destination: a tag, a name in a layout or archive, or nothing
};

MoveOfOci to_repository(const OciPlace& from, OciSelected image, const Place& to,
                        const CopyOptions& options) {
  const auto name = name_of(from, image);
  MoveOfOci move{std::move(image), to, {}};
  auto& target = move.target.reference;
  if (!target) {
    if (!name) {
      throw_nameless(from);
    }
    target = name;
    if (options.host) {
      target->host = options.host->host;
      target->name = with_namespace(options.name_space, name->name);
      move.target.protocol = options.host->protocol;
    }
  }
  if (to.kind == Place::Kind::registry && !options.host && !to.reference) {
    refuse_implied_host(*target);
  }
  if (!target->tag && !target->digest) {
    target->tag = own_tag(move.source, name);
  }
  move.tag = target->tag.value_or("");
  return move;
}

MoveOfOci to_entry(const OciPlace& from, OciSelected image, const Place& to) {
  const auto name = name_of(from, image);
  MoveOfOci move{std::move(image), to, {}};
  if (to.has_entries()) {
    move.tag = to.entry.value_or(own_tag(move.source, name));
    move.target.entry = move.tag;
    return move;
  }
  move.target.reference = to.reference ? to.reference : name;
  if (!move.target.reference) {
    throw_nameless(from);
  }
  auto& target = *move.target.reference;
  if (!target.tag) {
    target.tag = own_tag(move.source, name);
  }
  move.tag = archive_name(target);
  return move;
}

std::vector<MoveOfOci> plan_moves(const OciPlace& from, const Place& to,
                                  const CopyOptions& options) {
  auto images = options.tags == TagChoice::all ? select_all_oci_images(from)
                                               : std::vector{select_oci_image(from)};
  const bool is_repository = to.kind == Place::Kind::registry || to.is_storage();
  std::vector<MoveOfOci> moves;
  CopyTargets targets;
  for (auto& image : images) {
    const auto source = image.name.to_string();
    auto move = is_repository ? to_repository(from, std::move(image), to, options)
                              : to_entry(from, std::move(image), to);
    const auto target = move.target.to_string();
    if (target == from.place.to_string()) {
      throw Error(ErrorKind::usage, "source and destination are both " + target);
    }
    if (targets.take(target, source)) {
      moves.push_back(std::move(move));
    }
  }
  return moves;
}

/// Docker archives and engines hold images of one platform.
bool takes_one_platform(const Place& to) {
  return to.kind == Place::Kind::docker_archive || to.kind == Place::Kind::docker_daemon;
}

/// Copies the images of one place, one after the other.
class Copier {
public:
  Copier(Session& session, const OciPlace& from, const CopyOptions& options,
         const ConvertSchema1& convert_schema1)
      : session_(session), from_(from), options_(options), convert_schema1_(convert_schema1) {
    if (options.referrers) {
      auto tags = list_named_and_attached(*from.repository);
      tags_.attached = std::move(tags.attached);
      tags_.subjects = std::move(tags.subjects);
    }
  }

  CopiedTag copy(const MoveOfOci& move, OciPlace& to, CopyReport& report) {
    auto root = find_root(move);
    auto platforms = options_.platforms;
    const bool is_index = root.manifest.kind == oci::Manifest::Kind::index;
    if (takes_one_platform(move.target) && is_index) {
      choose_one(platforms, root);
    }
    root = narrow(*from_.repository, std::move(root), platforms);
    const auto route = route_of(move, *to.repository);
    const auto there = find_there(move, *to.repository);
    if (packs_layers(move)) {
      const auto image = there ? to.repository->read_manifest(there->digest) : std::nullopt;
      auto packed = pack_plain_layers(
          route, std::move(root),
          image ? std::optional(to_node(*image, to.repository->describe())) : std::nullopt,
          packed_);
      root = std::move(packed.root);
      report.blobs_copied += packed.layers;
      report.bytes_copied += packed.bytes_read;
    }
    auto here = from_.place;
    name(here, move.source);
    CopiedTag copied{here.to_string(), move.target.to_string(), root.document.digest.to_string()};
    const auto wanted = move.target.reference ? move.target.reference->digest : std::nullopt;
    if (wanted && *wanted != copied.id) {
      throw Error(ErrorKind::usage, "the image has digest " + copied.id + ", not the one that " +
                                        move.target.to_string() + " names");
    }
    // Its referrers may be new.
    if (there && there->digest == root.document.digest && !options_.referrers) {
      session_.progress().note(move.target.to_string() + " is this image already");
      return copied;
    }
    if (root.manifest.kind == oci::Manifest::Kind::schema1 && convert_schema1_) {
      copied.id = move_schema1(move, route, root, there, report).to_string();
    } else {
      transfer(move, route, std::move(root), report);
    }
    return copied;
  }

private:
  /// Registries of today do not take schema 1, and layouts and archives never do.
  oci::Digest move_schema1(const MoveOfOci& move, const OciRoute& route, const ManifestNode& root,
                           const std::optional<oci::Descriptor>& there, CopyReport& report) {
    if (move.target.kind == Place::Kind::registry || move.target.is_storage()) {
      try {
        transfer(move, route, root, report);
        return root.document.digest;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported) {
          throw;
        }
      }
    }
    return convert_schema1_(route, root.document, move.tag, there, report);
  }

  static void name(Place& place, const OciSelected& image) {
    if (place.has_entries()) {
      place.entry = image.tag.empty() ? image.name.to_string() : image.tag;
    } else if (place.reference && !image.tag.empty() && is_tag(image.tag)) {
      place.reference->tag = image.tag;
    }
  }

  ManifestNode find_root(const MoveOfOci& move) {
    auto document = from_.repository->read_manifest(move.source.name);
    if (!document) {
      throw_no_oci_image(*from_.repository, move.source.name);
    }
    return to_node(*std::move(document), from_.repository->describe());
  }

  void choose_one(std::vector<oci::Platform>& platforms, const ManifestNode& root) {
    if (platforms.size() > 1) {
      throw Error(ErrorKind::usage, "a docker archive holds images of one platform",
                  "name one with --platform, or write an oci-archive:");
    }
    if (!platforms.empty()) {
      return;
    }
    const auto images = list_platforms(*from_.repository, root);
    if (images.size() == 1 && images.front().platform) {
      platforms.push_back(*images.front().platform);
      return;
    }
    platforms.push_back(oci::Platform{"linux", "amd64", ""});
    session_.progress().note("of " + std::to_string(images.size()) +
                             " platforms linux/amd64 is taken; --platform takes another");
  }

  /// Archives and engines hold layers unpacked, which registries are not to keep so.
  [[nodiscard]] bool packs_layers(const MoveOfOci& move) const {
    const bool is_unpacked = from_.place.kind == Place::Kind::docker_archive ||
                             from_.place.kind == Place::Kind::docker_daemon;
    const bool is_kept = move.target.kind == Place::Kind::registry || move.target.is_storage();
    return is_unpacked && is_kept && options_.plain_layers == PlainLayers::gzip;
  }

  /// What the tag names at the destination now. Of an archive that is begun nothing is there.
  static std::optional<oci::Descriptor> find_there(const MoveOfOci& move, OciRepository& to) {
    if (move.tag.empty() || takes_one_platform(move.target) ||
        move.target.kind == Place::Kind::oci_archive) {
      return std::nullopt;
    }
    return to.find_manifest(oci::ManifestName::tag(move.tag));
  }

  OciRoute route_of(const MoveOfOci& move, OciRepository& to) {
    const auto target = move.target.reference ? move.target.reference->name_in_v2() : "";
    const bool is_one_host = from_.place.kind == Place::Kind::registry &&
                             move.target.kind == Place::Kind::registry &&
                             from_.place.reference->host == move.target.reference->host;
    const bool is_one_store =
        is_one_host || (from_.place.is_storage() && move.target.kind == from_.place.kind &&
                        is_one_tree(from_.place.path, move.target.path));
    return {session_,
            *from_.repository,
            to,
            target,
            is_one_store ? std::optional(from_.place.reference->name_in_v2()) : std::nullopt,
            places_,
            verb_for(from_.place, move.target)};
  }

  void transfer(const MoveOfOci& move, const OciRoute& route, ManifestNode root,
                CopyReport& report) {
    const OciCopy how{{}, options_.referrers, tags_};
    const auto running = make_oci_transfer(route, how, std::move(root), move.tag);
    const auto moved = move_items(session_, *running);
    report.blobs_skipped += moved.were_there;
    report.blobs_copied += moved.copied;
    report.bytes_copied += moved.bytes;
  }

  Session& session_;
  const OciPlace& from_;
  const CopyOptions& options_;
  const ConvertSchema1& convert_schema1_;
  BlobPlaces places_;
  PackedLayers packed_;
  FollowerTags tags_;
};

} // namespace

CopyReport copy_oci_images(Session& session, const Place& from, const Place& to,
                           const CopyOptions& options, const ConvertSchema1& convert_schema1) {
  const auto source = open_oci(session, from, Use::read);
  CopyReport report;
  Copier copier(session, source, options, convert_schema1);
  std::map<std::string, OciPlace> targets; // repositories, or the one layout or archive
  const auto moves = plan_moves(source, to, options);
  for (const auto& move : moves) {
    auto place = move.target;
    if (place.kind == Place::Kind::registry || place.is_storage()) {
      place.reference->tag.reset();
      place.reference->digest.reset();
    } else {
      place.reference.reset();
      place.entry.reset();
    }
    const auto key = place.to_string();
    auto found = targets.find(key);
    if (found == targets.end()) {
      found = targets.emplace(key, open_oci(session, place, Use::write)).first;
    }
    const auto name = name_of(source, move.source);
    report.tags.push_back(for_tag(name ? name->to_familiar_string() : move.source.name.to_string(),
                                  moves.size(),
                                  [&] { return copier.copy(move, found->second, report); }));
  }
  for (auto& [key, target] : targets) {
    target.repository->finish();
  }
  return report;
}

} // namespace regctl::ops
