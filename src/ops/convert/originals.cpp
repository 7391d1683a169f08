// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/originals.hpp"

#include "ops/convert/made_image.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/converted_config.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

/// Whether these images, base first, give the config. Of the lower ones only values count, which
/// all their texts have in common.
bool gives_config(const std::vector<V1Image>& chain, const DerivedImage& image) {
  const auto& derived = image.chain.images;
  if (chain.size() != derived.size()) {
    return false;
  }
  std::vector<ConvertedStep> steps;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto layer = derived[i].layer_index;
    steps.push_back({chain[i].json, layer ? image.chain.diff_ids[*layer] : "", !layer});
  }
  const auto texts = all_texts(chain.back());
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    steps.back().json = text;
    return convert_config(steps).bytes == image.config;
  });
}

} // namespace

std::optional<std::string> original_id_of(const DerivedImage& image) {
  const auto id = converted_from(image.manifest);
  return is_v1_id(id) ? std::optional(id) : std::nullopt;
}

std::optional<std::vector<V1Image>> find_originals(Session& session, V1Repository& repository,
                                                   const DerivedImage& image) {
  const auto id = original_id_of(image);
  if (!id) {
    return std::nullopt;
  }
  try {
    if (repository.look_up(*id).state != V1ImageState::complete) {
      return std::nullopt;
    }
    std::vector<V1Image> chain;
    for (auto& member : read_chain(session, repository, *id, /*jobs=*/1)) {
      chain.push_back(std::move(member.image));
    }
    std::reverse(chain.begin(), chain.end());
    return gives_config(chain, image) ? std::optional(std::move(chain)) : std::nullopt;
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    return std::nullopt; // a chain that is broken there is none to rely on
  }
}

} // namespace regctl::ops
