// SPDX-License-Identifier: Apache-2.0
#include "ops/map/verdict.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <utility>

namespace regctl::ops {

namespace {

Json to_json(const MadeLayer& layer) {
  const auto& blob = layer.blob;
  return {{"id", or_null(layer.id)},
          {"empty", !blob},
          {"checksums", layer.checksums},
          {"diff_id", or_null(layer.diff_id)},
          {"digest", blob ? Json(blob->digest.to_string()) : Json(nullptr)},
          {"size", blob ? Json(blob->size_bytes) : Json(nullptr)},
          {"media_type", blob ? or_null(blob->media_type) : Json(nullptr)}};
}

/// The verdict on a tag; null where this run did not convert it.
Json verdict_of(const MapLine& line) {
  const bool is_known = line.made && (line.outcome == "copied" || line.outcome == "updated");
  const bool is_of_image = line.error && !line.was_judged;
  return or_null(ops::verdict_of(line.fault, is_of_image ? line.error->kind : std::nullopt,
                                 is_known ? &line.made->notes : nullptr));
}

/// Which form the image has, in the word of --to-format.
Json flavour_of(const MadeImage& made) {
  if (!oci::is_manifest(made.media_type)) {
    return nullptr;
  }
  return made.media_type == oci::k_docker_manifest ? "docker" : "oci";
}

/// The members of one object of a line, with its place in errors.
class Members {
public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) {
      throw Error(ErrorKind::protocol, where_ + " is not an object");
    }
  }

  [[nodiscard]] std::string text(const char* name) const {
    return required_string(object_, name, where_);
  }
  [[nodiscard]] std::optional<std::string> find_text(const char* name) const {
    return optional_string(object_, name);
  }
  [[nodiscard]] std::optional<oci::Digest> find_digest(const char* name) const {
    const auto text = find_text(name);
    return text ? std::optional(oci::Digest::parse(*text, where_ + ": " + name)) : std::nullopt;
  }
  /// Nothing for what is no whole number.
  [[nodiscard]] std::optional<std::uint64_t> find_number(const char* name) const {
    const auto* member = find_member(object_, name);
    return member != nullptr && member->is_number_unsigned()
               ? std::optional(member->get<std::uint64_t>())
               : std::nullopt;
  }
  /// An absent list is empty.
  template <class Take> void each(const char* name, Take&& take) const {
    const auto* member = find_member(object_, name);
    if (member == nullptr || member->is_null()) {
      return;
    }
    if (!member->is_array()) {
      throw Error(ErrorKind::protocol, where_ + ": " + name + " is not a list");
    }
    for (const auto& item : *member) {
      take(item);
    }
  }
  /// The texts of a list; anything else in it is left out.
  template <class Texts> void read_texts(const char* name, Texts& texts) const {
    each(name, [&](const Json& item) {
      if (item.is_string()) {
        texts.insert(texts.end(), item.get<std::string>());
      }
    });
  }

private:
  const Json& object_;
  std::string where_;
};

MadeLayer parse_layer(const Json& object, const std::string& where) {
  const Members members(object, where + ": a layer");
  MadeLayer layer;
  layer.id = members.find_text("id").value_or("");
  members.read_texts("checksums", layer.checksums);
  layer.diff_id = members.find_text("diff_id");
  if (auto digest = members.find_digest("digest")) {
    layer.blob = oci::Descriptor{.media_type = members.find_text("media_type").value_or(""),
                                 .digest = *std::move(digest),
                                 .size_bytes = members.find_number("size").value_or(0)};
  }
  return layer;
}

std::shared_ptr<const MadeImage> parse_made(const Members& members, const std::string& where) {
  const auto digest = members.find_digest("digest");
  const auto config = members.find_digest("config_digest");
  if (!digest || !config) {
    return nullptr;
  }
  MadeImage made{members.find_text("id").value_or(""), members.find_text("media_type").value_or(""),
                 *digest, *config};
  members.read_texts("notes", made.notes);
  members.each("layers",
               [&](const Json& layer) { made.layers.push_back(parse_layer(layer, where)); });
  return std::make_shared<const MadeImage>(std::move(made));
}

std::optional<Failure> parse_error(const Json& document, const std::string& where) {
  const auto* member = find_member(document, "error");
  if (member == nullptr) {
    return std::nullopt;
  }
  const Members members(*member, where + ": error");
  Failure failure;
  failure.kind = find_kind(members.find_text("kind").value_or(""));
  failure.message = members.find_text("message").value_or("");
  failure.hint = members.find_text("hint").value_or("");
  return failure;
}

} // namespace

Json to_json(const MapLine& line) {
  const auto& made = line.made;
  auto layers = Json::array();
  for (std::size_t i = 0; made && i < made->layers.size(); ++i) {
    layers.push_back(to_json(made->layers[i]));
  }
  Json object = {{"from", line.from},
                 {"to", line.to},
                 {"source", line.source},
                 {"destination", line.destination},
                 {"tag", line.tag},
                 {"outcome", line.outcome},
                 {"id", or_null(line.id)},
                 {"verdict", verdict_of(line)},
                 {"flavour", made ? flavour_of(*made) : Json(nullptr)},
                 {"digest", made ? Json(made->digest.to_string()) : Json(nullptr)},
                 {"media_type", made ? or_null(made->media_type) : Json(nullptr)},
                 {"config_digest", made ? Json(made->config.to_string()) : Json(nullptr)},
                 {"notes", made ? Json(made->notes) : Json::array()},
                 {"layers", std::move(layers)}};
  if (!line.rescued.empty()) {
    object["rescued"] = line.rescued;
  }
  if (line.fault) {
    object["reason"] = line.fault->reason;
    object["culprit"] = line.fault->culprit;
  }
  if (line.error) {
    object["error"] = ops::to_json(*line.error);
  }
  return object;
}

MapLine parse_map_line(const std::string& line, const std::string& where) {
  const auto document = parse_json(line, where + ": it");
  const Members members(document, where + ": tag");
  MapLine parsed;
  parsed.from = members.text("from");
  parsed.to = members.text("to");
  parsed.source = members.text("source");
  parsed.destination = members.text("destination");
  parsed.tag = members.text("tag");
  parsed.outcome = members.find_text("outcome").value_or("");
  parsed.id = members.find_text("id");
  parsed.made = parse_made(members, where);
  parsed.rescued = members.find_text("rescued").value_or("");
  parsed.error = parse_error(document, where);
  if (auto reason = members.find_text("reason")) {
    parsed.fault = ImageFault{*std::move(reason), members.find_text("culprit").value_or("")};
  }
  if (!is_tag(parsed.tag)) {
    throw Error(ErrorKind::protocol, where + ": '" + parsed.tag + "' is not a tag");
  }
  if (parsed.source.empty() || parsed.destination.empty()) {
    throw Error(ErrorKind::protocol, where + ": a name is empty");
  }
  return parsed;
}

} // namespace regctl::ops
