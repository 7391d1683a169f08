// SPDX-License-Identifier: Apache-2.0
#include "ops/passage/layer_fact.hpp"

#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/v1/layer.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace regctl::ops {

namespace {

using Forms = std::array<std::string_view, 2>;

constexpr Forms k_layer_forms = {"+oci", "+docker"};
constexpr Forms k_manifest_forms = {"=oci", "=docker"};
constexpr std::string_view k_none = "-";
constexpr std::string_view k_gzip = "gzip";
constexpr std::string_view k_tar = "tar";
constexpr std::size_t k_json_digits = 16;

std::string with_form(const std::string& id, const Forms& forms, OciForm form) {
  return id + std::string(forms[form == OciForm::oci ? 0 : 1]);
}

/// `identity` without the form at its end; empty if it has none.
std::string_view without_form(std::string_view identity, const Forms& forms) noexcept {
  for (const auto form : forms) {
    if (identity.ends_with(form)) {
      return identity.substr(0, identity.size() - form.size());
    }
  }
  return {};
}

std::string join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const auto& text : texts) {
    joined += (joined.empty() ? "" : ",") + text;
  }
  return joined.empty() ? std::string(k_none) : joined;
}

/// The beginning of the sum of an image's JSON, which its payload checksums cover too. Long enough
/// to tell damage.
std::string sum_of_json(const V1Image& image) {
  return sha256_hex(image.json).substr(0, k_json_digits);
}

/// "SUMS DIFF_ID BLOB SIZE COMPRESSION NOTES JSON", or "SUMS - NOTES JSON" of a layer without
/// entries.
struct Text {
  std::string_view sums;
  std::optional<oci::Digest> diff_id;
  std::optional<oci::Descriptor> blob; ///< its media type is the compression
  std::string_view notes;
  std::string_view json;
};

std::optional<Text> parse(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.empty() || !is_lower_hex(words.back(), k_json_digits)) {
    return std::nullopt;
  }
  if (words.size() == 4 && words[1] == k_none) {
    return Text{words[0], {}, {}, words[2], words[3]};
  }
  if (words.size() != 7 || (words[4] != k_gzip && words[4] != k_tar)) {
    return std::nullopt;
  }
  const auto digest = oci::Digest::find(words[2]);
  const auto size = parse_whole_number<std::uint64_t>(words[3]);
  Text parsed{words[0], oci::Digest::find(words[1]), {}, words[5], words[6]};
  if (!digest || !size || !parsed.diff_id) {
    return std::nullopt;
  }
  parsed.blob =
      oci::Descriptor{.media_type = std::string(words[4]), .digest = *digest, .size_bytes = *size};
  return parsed;
}

std::string media_type(std::string_view compression, OciForm form) {
  if (form == OciForm::docker) {
    return std::string(oci::k_docker_layer);
  }
  return std::string(compression == k_tar ? oci::k_oci_layer : oci::k_oci_layer_gzip);
}

} // namespace

std::string LayerFact::identity_of(const std::string& id, OciForm form) {
  return with_form(id, k_layer_forms, form);
}

bool LayerFact::is_identity(std::string_view identity) noexcept {
  return is_v1_id(without_form(identity, k_layer_forms));
}

std::string ManifestFact::identity_of(const std::string& source, OciForm form,
                                      const oci::Platform& assumed) {
  return with_form(source, k_manifest_forms, form) +
         (assumed == usual_platform() ? "" : "@" + assumed.to_string());
}

bool ManifestFact::is_identity(std::string_view identity) {
  const auto source = without_form(identity.substr(0, identity.find('@')), k_manifest_forms);
  return is_v1_id(source) || oci::Digest::find(source);
}

std::optional<std::string> LayerFact::print(const V1Image& image, const ConvertedLayer& layer) {
  const auto sums = payload_sums(image);
  if (sums.empty() || layer.json) {
    return std::nullopt;
  }
  const auto end = join({layer.notes.begin(), layer.notes.end()}) + " " + sum_of_json(image);
  if (!layer.blob) {
    return join(sums) + " " + std::string(k_none) + " " + end;
  }
  const auto& blob = *layer.blob;
  const auto compression = blob.media_type == oci::k_oci_layer ? k_tar : k_gzip;
  return join(sums) + " " + layer.diff_id + " " + blob.digest.to_string() + " " +
         std::to_string(blob.size_bytes) + " " + std::string(compression) + " " + end;
}

std::optional<ConvertedLayer> LayerFact::find(std::string_view text, const V1Image& image,
                                              OciForm form) {
  auto parsed = parse(text);
  const auto sums = payload_sums(image);
  if (!parsed || sums.empty() || parsed->sums != join(sums) || parsed->json != sum_of_json(image)) {
    return std::nullopt;
  }
  ConvertedLayer layer;
  if (parsed->blob) {
    layer.blob = std::move(parsed->blob);
    layer.blob->media_type = media_type(layer.blob->media_type, form);
    layer.diff_id = parsed->diff_id->to_string();
  }
  if (parsed->notes != k_none) {
    for (const auto note : split(parsed->notes, ',')) {
      layer.notes.insert(std::string(note));
    }
  }
  return layer;
}

bool LayerFact::is_text(std::string_view text) {
  return parse(text).has_value();
}

} // namespace regctl::ops
