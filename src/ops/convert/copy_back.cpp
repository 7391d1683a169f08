// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/copy_back.hpp"

#include "ops/convert/oci_to_v1_transfer.hpp"
#include "ops/places/copy_targets.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/storage.hpp"
#include "ops/transfer/move_items.hpp"
#include "ops/transfer/one_of_several.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/registry/registries.hpp>

#include <map>
#include <utility>

namespace regctl::ops {

namespace {

struct MoveToV1 {
  OciSelected source;
  Reference target; ///< with its tag
};

MoveToV1 plan_move(const OciPlace& from, OciSelected image, const Place& to,
                   const CopyOptions& options) {
  const auto name = name_of(from, image);
  if (!to.reference && !name) {
    throw_nameless(from);
  }
  auto target = to.reference ? *to.reference : *name;
  refuse_target_digest(target);
  if (options.host) {
    target.host = options.host->host;
    target.name = with_namespace(options.name_space, target.name);
  } else if (to.kind == Place::Kind::registry) {
    refuse_implied_host(target);
  }
  if (!target.tag) {
    target.tag = own_tag(image, name);
  }
  return {std::move(image), std::move(target)};
}

std::vector<MoveToV1> plan_moves(const OciPlace& from, const Place& to,
                                 const CopyOptions& options) {
  auto images = options.tags == TagChoice::all ? select_all_oci_images(from)
                                               : std::vector{select_oci_image(from)};
  std::vector<MoveToV1> moves;
  CopyTargets targets;
  for (auto& image : images) {
    const auto source = image.name.to_string();
    auto move = plan_move(from, std::move(image), to, options);
    if (targets.take(move.target.to_string(), source)) {
      moves.push_back(std::move(move));
    }
  }
  return moves;
}

void check(const CopyOptions& options) {
  if (options.check == LayerCheck::none) {
    throw Error(ErrorKind::unsupported, "the layers of OCI images are always verified",
                "leave out --no-verify");
  }
  if (options.referrers) {
    throw Error(ErrorKind::unsupported, "nothing refers to a v1 image", "leave out --referrers");
  }
}

/// The repositories of the destination, each opened once.
class Targets {
public:
  Targets(Session& session, const Place& to)
      : session_(session),
        storage_(to.kind == Place::Kind::v1_storage
                     ? open_storage_tree(session, to.path, V1Storage::Missing::create)
                     : nullptr) {}

  V1Repository& open(Reference name) {
    name.tag.reset();
    auto& repository = opened_[name];
    if (!repository) {
      repository = storage_ ? storage_->repository(name.name)
                            : session_.registries().v1({name.host}).open(name.name);
    }
    return *repository;
  }

private:
  Session& session_;
  std::shared_ptr<V1Storage> storage_;
  std::map<Reference, std::unique_ptr<V1Repository>> opened_;
};

} // namespace

CopyReport convert_oci_images(Session& session, const Place& from, const Place& to,
                              const CopyOptions& options) {
  check(options);
  const auto source = open_oci(session, from, Use::read);
  const auto moves = plan_moves(source, to, options);
  Targets targets(session, to);
  const auto originals = options.originals ? open_repository(session, *options.originals) : nullptr;
  CopyReport report;
  SaidOnce said;
  ImageDeriver deriver(session);
  for (const auto& move : moves) {
    const BackRoute route{
        session,           *source.repository,   targets.open(move.target), said, deriver,
        options.platforms, options.plain_layers, verb_for(from, to),        {},   originals.get()};
    auto here = from;
    auto there = to;
    there.reference = move.target;
    if (here.has_entries()) {
      here.entry = move.source.tag.empty() ? move.source.name.to_string() : move.source.tag;
    } else {
      here.reference = name_of(source, move.source);
    }
    CopiedTag copied{here.to_string(), there.to_string(), {}};
    const auto transfer = make_oci_to_v1_transfer(route, move.source.name, *move.target.tag,
                                                  [&](const std::string& id) { copied.id = id; });
    const auto moved =
        for_tag(copied.source, moves.size(), [&] { return move_items(session, *transfer); });
    report.images_skipped += moved.were_there;
    report.images_copied += moved.copied;
    report.bytes_copied += moved.bytes;
    report.tags.push_back(std::move(copied));
  }
  return report;
}

} // namespace regctl::ops
