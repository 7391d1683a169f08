// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/copy_back.hpp"
#include "ops/convert/copy_images.hpp"
#include "ops/convert/schema1_image.hpp"
#include "ops/oci/copy_images.hpp"
#include "ops/places/copy_targets.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/places/storage.hpp"
#include "ops/v1/backed_repository.hpp"
#include "ops/v1/copy_images.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/registry/docker_engine.hpp>
#include <regctl/registry/registries.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <map>

namespace regctl::ops {

namespace {

struct MoveOfV1 {
  Selected source;
  Reference target; ///< with its tag
};

/// The name of an image at the destination: parts that `to` names, the rest from the source.
Reference target_name(const Selected& image, const Place& to, const CopyOptions& options) {
  if (!to.reference && !image.name) {
    throw Error(ErrorKind::usage, "image " + short_id(image.id) + " has no name to keep",
                to.kind == Place::Kind::registry
                    ? "name it at the destination: HOST[:PORT]/NAME:TAG"
                    : "name it at the destination, as in " + to.to_string() + ":HOST/NAME:TAG");
  }
  Reference target = to.reference ? *to.reference : *image.name;
  refuse_target_digest(target);
  if (options.host) {
    target.host = options.host->host;
    target.name = with_namespace(options.name_space, target.name);
  }
  if (!target.tag) {
    target.tag = image.name          ? image.name->tag_or_latest()
                 : image.tag.empty() ? "latest"
                                     : image.tag;
  }
  return target;
}

bool is_same_place(const MoveOfV1& move, const Place& from, const Place& to) {
  if (from.kind != to.kind) {
    return false;
  }
  if (from.kind == Place::Kind::registry) {
    return move.source.name == move.target;
  }
  if (from.kind == Place::Kind::v1_storage) {
    return is_one_tree(from.path, to.path) &&
           move.source.name->to_familiar_string() == move.target.to_familiar_string();
  }
  return false;
}

bool is_archive(const Place& place) {
  return place.kind == Place::Kind::docker_archive || place.kind == Place::Kind::oci_archive;
}

/// An archive is written whole: whatever else it held would be lost.
void refuse_one_archive(const Place& from, const Place& to) {
  std::error_code problem; // a missing file is reported when it is opened
  if (is_archive(from) && is_archive(to) && from.path != "-" &&
      (from.path == to.path || std::filesystem::equivalent(from.path, to.path, problem))) {
    throw Error(ErrorKind::usage, "source and destination are both '" + to.path + "'",
                "write another file, and rename it");
  }
}

std::vector<MoveOfV1> plan_moves(const std::vector<Selected>& images, const Place& from,
                                 const Place& to, const CopyOptions& options) {
  std::vector<MoveOfV1> moves;
  CopyTargets targets;
  for (const auto& image : images) {
    MoveOfV1 move{image, target_name(image, to, options)};
    if (is_same_place(move, from, to)) {
      throw Error(ErrorKind::usage, "source and destination are both " + to.to_string());
    }
    if (targets.take(move.target.to_string(), image.id)) {
      moves.push_back(std::move(move));
    }
  }
  return moves;
}

std::map<std::string, std::string> archive_tags(const std::vector<MoveOfV1>& moves) {
  std::map<std::string, std::string> tags;
  for (const auto& move : moves) {
    tags[archive_name(move.target)] = move.source.id;
  }
  return tags;
}

/// Whether the place stores layers as they were pushed (engines push them compressed), and whole
/// chains.
bool holds_pushed_layers(const Place& place) {
  return place.kind == Place::Kind::registry || place.kind == Place::Kind::v1_storage;
}

using OpenTarget = std::function<std::unique_ptr<V1Repository>(const Reference& repository)>;

/// The source of a copy, and how it is copied.
struct Copied {
  Session& session;
  const Place& from;
  V1Repository& source;
  const std::vector<MoveOfV1>& moves;
  const ImageCopy& how;
};

/// Makes one push for each repository. An archive as the source may lack images that the
/// destination has.
void copy_to_repositories(const Copied& copied, const OpenTarget& open, CopyReport& report) {
  std::map<Reference, std::map<std::string, std::string>> by_repository;
  for (const auto& move : copied.moves) {
    auto repository = move.target;
    repository.tag.reset();
    by_repository[repository][*move.target.tag] = move.source.id;
  }
  for (const auto& [repository, tags] : by_repository) {
    const auto target = open(repository);
    const auto backed =
        holds_pushed_layers(copied.from) ? nullptr : make_backed_repository(copied.source, *target);
    auto how = copied.how;
    how.repository = repository.to_familiar_string();
    how.all_tags = copied.moves.size();
    copy_images(
        copied.session, backed ? *backed : copied.source, tags, how,
        [&](const V1PushPlan& plan) { return target->start_push(plan); }, report);
  }
}

void copy_to_registry(const Copied& copied, CopyReport& report) {
  for (const auto& move : copied.moves) {
    refuse_implied_host(move.target);
  }
  const auto open = [&](const Reference& repository) {
    return copied.session.registries().v1({repository.host}).open(repository.name);
  };
  copy_to_repositories(copied, open, report);
}

void copy_to_storage(const Copied& copied, const Place& to, CopyReport& report) {
  const auto storage = open_storage_tree(copied.session, to.path, V1Storage::Missing::create);
  const auto open = [&](const Reference& repository) {
    return storage->repository(repository.name);
  };
  copy_to_repositories(copied, open, report);
}

void copy_to_engine(const Copied& copied, CopyReport& report) {
  registry::DockerEngine engine(copied.session.client());
  // The engine takes its archive as one stream in order, but layers arrive in parallel in any
  // order.
  auto file = std::make_shared<FileDescriptor>(make_temporary_file());
  copy_images(
      copied.session, copied.source, archive_tags(copied.moves), copied.how,
      [&](const V1PushPlan& plan) { return start_docker_archive(*file, "a temporary file", plan); },
      report);
  struct stat status = {};
  if (::fstat(file->get(), &status) != 0) {
    throw_errno("read a temporary file", errno);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  engine.load([&] { return make_range_source(file, 0, size, "a temporary file"); }, size);
}

void copy_to(const Copied& copied, const Place& to, CopyReport& report) {
  switch (to.kind) {
  case Place::Kind::registry:
    copy_to_registry(copied, report);
    return;
  case Place::Kind::docker_archive:
    copy_images(
        copied.session, copied.source, archive_tags(copied.moves), copied.how,
        [&](const V1PushPlan& plan) { return start_docker_archive(to.path, plan); }, report);
    return;
  case Place::Kind::docker_daemon:
    copy_to_engine(copied, report);
    return;
  case Place::Kind::v1_storage:
    copy_to_storage(copied, to, report);
    return;
  case Place::Kind::oci_layout:
  case Place::Kind::oci_archive:
  case Place::Kind::v2_storage:
    break;
  }
  throw Error(ErrorKind::unsupported, "this version of regctl cannot write " + to.to_string());
}

/// Notes layers without a checksum at the source: the destination records one for them, which must
/// not pass for a proof that they are as they were pushed.
void note_unverified(Session& session, const V1Repository& source, const CopyReport& report) {
  if (report.images_unverified > 0) {
    session.progress().note(
        source.describe() + " tells no checksum of " + std::to_string(report.images_unverified) +
        " of " + std::to_string(report.images_copied) +
        " copied layers: that they are whole was checked, not that they are as they were pushed "
        "(--require-checksum refuses such)");
  }
}

std::string describe(const Place& to, const std::optional<RegistryHost>& host) {
  if (host) {
    return host->host;
  }
  const bool is_of_its_name = to.kind == Place::Kind::registry && !to.reference;
  return is_of_its_name ? "the registry of its name" : to.to_string();
}

ImageCopy way_of_copying(const Place& from, const Place& to, const CopyOptions& options) {
  ImageCopy how{options.check, PlainLayers::keep, UnreadLayers::keep, verb_for(from, to), {}};
  if (holds_pushed_layers(to) && !holds_pushed_layers(from)) {
    how.plain_layers = options.plain_layers;
    how.unread_layers = UnreadLayers::gzip;
  }
  how.require_checksum = options.require_checksum;
  return how;
}

/// The model of the destination; nothing for one that takes both.
std::optional<Model> model_of_destination(Session& session, const Place& to,
                                          const CopyOptions& options) {
  if (options.host) {
    return protocol_of(session, *options.host) == Protocol::v1 ? Model::v1 : Model::oci;
  }
  if (to.kind == Place::Kind::registry && !to.reference) {
    return std::nullopt;
  }
  return fixed_model_of(session, to);
}

/// A storage tree of which no repository is named.
bool is_whole_tree(const Place& place) {
  return place.is_storage() && !place.reference;
}

enum class Way { v1, oci, v1_to_oci, oci_to_v1 };

/// How images travel. Archives and engines, which hold both models, take that of the other end, and
/// v1's between themselves.
Way way_of_copy(Session& session, const Place& from, const Place& to, const CopyOptions& options) {
  const auto source = fixed_model_of(session, from);
  const auto destination = model_of_destination(session, to, options);
  if (source == Model::oci && destination == Model::v1) {
    return Way::oci_to_v1;
  }
  if (source == Model::v1 && destination == Model::oci) {
    return Way::v1_to_oci;
  }
  return source.value_or(destination.value_or(Model::v1)) == Model::oci ? Way::oci : Way::v1;
}

} // namespace

CopyReport copy(Session& session, const Place& from, const Place& to, const CopyOptions& given) {
  auto options = given;
  if (from.kind == Place::Kind::v1_storage && is_whole_tree(from) && is_whole_tree(to)) {
    options.tags = TagChoice::all;
  }
  auto destination = describe(to, options.host);
  return in_context(
      [&] { return "copying " + from.to_string() + " to " + destination; },
      [&] {
        if (to.kind == Place::Kind::registry && to.reference && to.implies_host) {
          refuse_implied_host(*to.reference);
        }
        refuse_one_archive(from, to);
        const auto way = way_of_copy(session, from, to, options);
        if (options.originals && way != Way::oci_to_v1) {
          throw Error(ErrorKind::usage,
                      "--originals is for OCI images that become v1 images, and here none does",
                      "leave it out");
        }
        switch (way) {
        case Way::oci:
          return copy_oci_images(session, from, to, options,
                                 [&](const OciRoute& route, const oci::Document& manifest,
                                     const std::string& tag, const auto& there, auto& report) {
                                   return convert_schema1_image(route, manifest, tag, options.form,
                                                                there, report);
                                 });
        case Way::v1_to_oci:
          return convert_v1_images(session, from, to, options);
        case Way::oci_to_v1:
          return convert_oci_images(session, from, to, options);
        case Way::v1:
          break;
        }
        const auto source = open_repository(session, from);
        const auto select = options.tags == TagChoice::all ? Select::all_tags : Select::one;
        auto moves = plan_moves(select_images(*source, from, select), from, to, options);
        if (to.kind == Place::Kind::registry && moves.size() == 1) {
          auto named = to;
          named.reference = moves.front().target;
          destination = named.to_string();
        }
        if (options.check == LayerCheck::none) {
          session.progress().note("layers are not verified");
        }
        CopyReport report;
        copy_to({session, from, *source, moves, way_of_copying(from, to, options)}, to, report);
        if (options.check != LayerCheck::none && holds_pushed_layers(from)) {
          note_unverified(session, *source, report);
        }
        for (const auto& move : moves) {
          auto there = to;
          there.reference = move.target;
          auto here = from;
          here.reference = move.source.name;
          report.tags.push_back({here.to_string(), there.to_string(), move.source.id,
                                 !report.unverified_chains.contains(move.source.id)});
        }
        return report;
      });
}

} // namespace regctl::ops
