// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/schema1.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace regctl {

namespace {

/// The layer that Docker and distribution write for a step without files: gzip of 1,024 zeros.
constexpr std::string_view k_empty_layer =
    "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";

/// One entry of the manifest.
struct HistoryItem {
  Schema1Step step;
  std::optional<std::string> parent;
  bool is_throwaway = false;
};

HistoryItem read_entry(const Json& history, const oci::Digest& layer, const std::string& where) {
  auto text = required_string(history, "v1Compatibility", where);
  const auto inside = where + ".v1Compatibility";
  const auto image = parse_json(text, inside);
  const auto* throwaway = find_member(image, "throwaway");
  HistoryItem entry{{required_string(image, "id", inside), std::move(text), layer},
                    optional_string(image, "parent"),
                    throwaway != nullptr && throwaway->is_boolean() && throwaway->get<bool>()};
  entry.step.is_empty = entry.is_throwaway || layer.to_string() == k_empty_layer;
  return entry;
}

[[noreturn]] void throw_broken(const std::string& what, const std::string& id,
                               const std::string& why) {
  throw Error(ErrorKind::protocol,
              what + ": its chain is broken: image " + short_id(id) + " " + why);
}

} // namespace

Schema1Chain read_schema1_chain(const oci::Document& manifest, const std::string& what) {
  const auto layers = oci::Manifest::parse(manifest.bytes, manifest.media_type, what).layers;
  const auto document = parse_json(manifest.bytes, what);
  const auto* history = find_member(document, "history");
  if (history == nullptr || !history->is_array() || history->empty() ||
      history->size() != layers.size()) {
    throw Error(ErrorKind::protocol, what + ": history and fsLayers are not equally long");
  }
  Schema1Chain chain;
  if (find_member(document, "signatures") == nullptr) {
    chain.notes.insert("unsigned");
  }
  std::set<std::string> ids;
  std::optional<std::string> wanted;                // the parent of the step above
  for (std::size_t i = 0; i < layers.size(); ++i) { // top first, as the manifest has them
    auto entry = read_entry((*history)[i], layers[layers.size() - 1 - i].digest,
                            what + ": history[" + std::to_string(i) + "]");
    auto& step = entry.step;
    if (!chain.steps.empty() && chain.steps.back().id == step.id) {
      chain.notes.insert("twice-in-a-row");
      continue;
    }
    if (!chain.steps.empty() && wanted != step.id) {
      throw_broken(what, step.id, "is not the parent of the one above it");
    }
    if (!ids.insert(step.id).second) {
      throw_broken(what, step.id, "occurs twice");
    }
    if (entry.is_throwaway && step.layer.to_string() != k_empty_layer) {
      chain.notes.insert("throwaway-not-fetched");
    }
    wanted = entry.parent;
    chain.steps.push_back(std::move(step));
  }
  if (wanted) {
    throw_broken(what, chain.steps.back().id, "has a parent that is not there");
  }
  std::reverse(chain.steps.begin(), chain.steps.end());
  return chain;
}

} // namespace regctl
