// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/chain_fault.hpp"

#include "ops/convert/trial_repository.hpp"
#include "ops/v1/layer_packing.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/gzip_pass.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/tar_walk.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/problem.hpp>

#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace regctl::ops {

namespace {

/// The name of the layer in errors that nobody sees.
constexpr const char* k_judged = "the layer";

struct Step {
  V1Image image;
  std::optional<std::string> parent;
};

/// One image of the chain, or what is wrong with it but for its layer.
std::variant<Step, std::string> look_at_image(V1Repository& source, const std::string& id) {
  V1Answer answer;
  try {
    answer = source.look_up(id);
  } catch (const Error& error) { // so a tree tells what is wrong with the layer
    if (error.kind() == ErrorKind::not_found) {
      return "layer-missing";
    }
    const bool is_of_file =
        error.kind() == ErrorKind::local_io || error.kind() == ErrorKind::protocol;
    if (!is_of_file || !source.json_of(id)) {
      throw;
    }
    return k_layer_unreadable;
  }
  if (answer.state != V1ImageState::complete) {
    return answer.state == V1ImageState::absent ? "image-missing" : "upload-incomplete";
  }
  try {
    auto info = parse_v1_image(answer.image.json);
    if (info.id != id) {
      return "json-of-another-image";
    }
    return Step{std::move(answer.image), std::move(info.parent)};
  } catch (const Error&) { // an ID that is right leaves the parent
    const auto document = find_json(answer.image.json).value_or(Json());
    return optional_string(document, "id") == id ? "parent-malformed" : "json-malformed";
  }
}

/// Why a layer that cannot be converted cannot be unpacked. It is read as a conversion reads it.
std::string judge_layer(const ConvertRoute& route, const V1Image& image) {
  const auto open = [&] { return route.source.open_layer(image, LayerCheck::none); };
  TarWalk walk;
  GzipPass gzip;
  const auto take = [&](std::span<const std::byte> piece) { walk.take(piece); };
  try {
    const bool is_gzip = read_layer_head(open()).compression == Compression::gzip;
    const auto layer = is_gzip ? make_gzip_pass(open(), take, gzip, k_judged)
                               : make_tap_source(make_decompressed_source(open(), k_judged), take);
    drain(*layer);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    const bool is_cut = check_unpacking(open()).outcome == Unpacking::Outcome::cut;
    return is_cut ? "layer-cut" : "layer-damaged";
  }
  walk.finish();
  switch (walk.fault()) {
  case TarWalk::Fault::cut:
    return "layer-cut";
  case TarWalk::Fault::none: // then it is not what its tarsum says
    return "checksum-mismatch";
  case TarWalk::Fault::not_a_tar:
    break;
  }
  return "not-a-tar";
}

/// The kind of the error with which `body`, which reads a layer and writes nothing, ends; nothing
/// if there is none. Throws errors that say nothing about the layer.
template <class Body> std::optional<ErrorKind> damage_of(Body&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const Error& error) {
    if (!is_damage(error.kind()) && error.kind() != ErrorKind::local_io) {
      throw;
    }
    return error.kind();
  }
}

/// Why there are no bytes to judge, if that is so.
std::optional<std::string> absence_of(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::not_found:
    return "layer-missing";
  case ErrorKind::local_io:
    return k_layer_unreadable;
  default:
    return std::nullopt;
  }
}

/// The fault of a layer, as ImageFault::reason has it; "" if it has none.
std::string find_layer_fault(const ConvertRoute& route, const V1Image& image) {
  if (route.known.find && route.known.find(image)) {
    return {};
  }
  if (!payload_sums(image).empty()) {
    const auto wrong =
        damage_of([&] { drain(*route.source.open_layer(image, LayerCheck::verify)); });
    if (wrong) {
      return absence_of(*wrong).value_or("checksum-mismatch");
    }
  }
  TrialRepository trial;
  BlobPlaces places;
  ConvertRoute way{route.session,           route.source, trial, "", places, route.form,
                   Progress::Verb::reading, route.limits};
  way.is_silent = true;
  way.takes_first_attempt = true;
  const auto damage = damage_of([&] { convert_layer(way, image, {}); });
  if (!damage) {
    return {};
  }
  const auto absence = absence_of(*damage);
  return absence ? *absence : judge_layer(route, image);
}

} // namespace

std::optional<ImageFault> find_chain_fault(const ConvertRoute& route, const std::string& id,
                                           FaultSearch search) {
  std::vector<V1Image> chain; // child first
  std::set<std::string> seen;
  for (std::optional<std::string> next = id; next;) {
    if (!seen.insert(*next).second || chain.size() >= k_max_chain) {
      return ImageFault{"parent-loop", *next};
    }
    auto found = look_at_image(route.source, *next);
    if (auto* reason = std::get_if<std::string>(&found)) {
      return ImageFault{std::move(*reason), *next};
    }
    auto& step = std::get<Step>(found);
    chain.push_back(std::move(step.image));
    next = std::move(step.parent);
  }
  if (search == FaultSearch::images) {
    return std::nullopt;
  }
  for (auto image = chain.rbegin(); image != chain.rend(); ++image) {
    if (auto reason = find_layer_fault(route, *image); !reason.empty()) {
      return ImageFault{std::move(reason), image->id};
    }
  }
  return std::nullopt;
}

} // namespace regctl::ops
