// SPDX-License-Identifier: Apache-2.0
#include "ops/image_content.hpp"

#include <regctl/model/oci/config.hpp>
#include <regctl/ops/image_diff.hpp>

#include <algorithm>
#include <deque>
#include <map>

namespace regctl::ops {

namespace {

ComparedLayer::Side side_of(const LayerSummary& layer) {
  return {layer.layer.name, layer.layer.size_bytes};
}

class ImageDiff {
public:
  explicit ImageDiff(const ImageDiffListener& listener) : listener_(listener) {}

  ImageDiffSummary run(const ContentPair& contents, const std::string& what_a,
                       const std::string& what_b) {
    for (const auto& member : oci::compare_configs(contents.a.config, "the config of " + what_a,
                                                   contents.b.config, "the config of " + what_b)) {
      ++summary_.members;
      listener_.on_member(member);
    }
    compare_layers(contents.a.layers, contents.b.layers);
    compare_files(contents.a.files, contents.b.files, [&](const FileEntry* a, const FileEntry* b) {
      ++(a == nullptr   ? summary_.files_added
         : b == nullptr ? summary_.files_removed
                        : summary_.files_changed);
      listener_.on_file({a, b});
    });
    return summary_;
  }

private:
  void compare_layers(const std::vector<LayerSummary>& a, const std::vector<LayerSummary>& b) {
    std::map<std::string, std::deque<const LayerSummary*>> left; // of B
    for (const auto& layer : b) {
      left[layer.diff_id].push_back(&layer);
    }
    for (const auto& layer : a) {
      auto& same = left[layer.diff_id];
      ComparedLayer compared{layer.diff_id, side_of(layer), std::nullopt};
      if (!same.empty()) {
        compared.b = side_of(*same.front());
        same.pop_front();
      }
      tell(layer, compared);
    }
    for (const auto& layer : b) {
      auto& rest = left[layer.diff_id];
      if (!rest.empty() && rest.front() == &layer) {
        rest.pop_front();
        tell(layer, {layer.diff_id, std::nullopt, side_of(layer)});
      }
    }
  }

  void tell(const LayerSummary& layer, const ComparedLayer& compared) {
    if (layer.is_blank) {
      return;
    }
    ++(!compared.a   ? summary_.layers_of_b
       : !compared.b ? summary_.layers_of_a
                     : summary_.layers_shared);
    listener_.on_layer(compared);
  }

  const ImageDiffListener& listener_;
  ImageDiffSummary summary_;
};

bool have_same_blobs(const ImageHandle& a, const ImageHandle& b) {
  return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                    [](const LayerHandle& one, const LayerHandle& other) {
                      return one.is_named_by_content && other.is_named_by_content &&
                             one.name == other.name;
                    });
}

/// What an image is made of, for two that have the same layers.
ImageContent unread_content(const ImageHandle& image) {
  ImageContent content;
  content.config = image.config;
  const auto diff_ids = oci::Config::parse(image.config, "the config").diff_ids;
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const bool is_known = diff_ids.size() == image.layers.size();
    content.layers.push_back(
        {image.layers[i], is_known ? diff_ids[i].to_string() : image.layers[i].name, false});
  }
  return content;
}

} // namespace

bool names_one_image(const Place& place) noexcept {
  if (place.has_entries()) {
    return true; // such a place is no store of repositories
  }
  if (!place.reference) {
    return false;
  }
  const bool is_repository = place.kind == Place::Kind::registry || place.is_storage();
  return !is_repository || place.reference->tag || place.reference->digest;
}

ImageDiffSummary diff_images(Session& session, const Place& a, const Place& b,
                             const ImageDiffOptions& options, const ImageDiffListener& listener) {
  const auto image_a = open_image(session, a, options.platform);
  const auto image_b = open_image(session, b, options.platform);
  return ImageDiff(listener).run(have_same_blobs(image_a, image_b)
                                     ? ContentPair{unread_content(image_a), unread_content(image_b)}
                                     : read_contents(session, image_a, image_b),
                                 a.to_string(), b.to_string());
}

} // namespace regctl::ops
