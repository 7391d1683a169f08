// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/whole_v1_images.hpp"

#include "ops/v1/layer_check.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

/// An image of the destination, as far as it is whole; nothing for one that is damaged or absent.
std::optional<V1Image> find_whole(V1Repository& repository, const std::string& id,
                                  bool reads_layers) {
  try {
    auto answer = repository.look_up(id);
    if (answer.state != V1ImageState::complete) {
      return std::nullopt;
    }
    if (reads_layers) {
      const auto found = check_layer(answer.image, [&](LayerCheck check) {
        return repository.open_layer(answer.image, check);
      });
      if (found.verdict != Verdict::sound) {
        return std::nullopt;
      }
    }
    return parse_v1_image(answer.image.json).id == id ? std::optional(std::move(answer.image))
                                                      : std::nullopt;
  } catch (const Error& error) {
    if (!is_damage(error.kind())) {
      throw;
    }
    return std::nullopt;
  }
}

} // namespace

std::optional<WholeV1Images::Sound> WholeV1Images::look(V1Repository& repository,
                                                        const std::string& id) {
  const std::lock_guard looking(looking_.of(id));
  {
    const std::lock_guard lock(mutex_);
    if (const auto* known = sound_.find(id)) {
      return *known;
    }
  }
  const auto image = find_whole(repository, id, reads_layers_);
  if (!image) {
    return std::nullopt;
  }
  Sound sound{parse_v1_image(image->json).parent};
  const std::lock_guard lock(mutex_);
  return sound_.try_emplace(id, std::move(sound)).first;
}

bool WholeV1Images::is_whole(V1Repository& repository, const std::string& id,
                             const ParentOf& parent_of) {
  std::vector<std::string> looked_at;
  std::vector<std::string> damaged;
  const bool has_end = walk_parents(id, [&](const std::string& next) -> std::optional<std::string> {
    const auto image = look(repository, next);
    if (image && image->is_whole) {
      return std::nullopt;
    }
    (image ? looked_at : damaged).push_back(next);
    return image ? image->parent : parent_of(next);
  });
  const std::lock_guard lock(mutex_);
  damaged_.insert(damaged.begin(), damaged.end());
  if (damaged.empty() && has_end) {
    for (const auto& image : looked_at) {
      if (auto* sound = sound_.find(image)) {
        sound->is_whole = true;
      }
    }
  }
  return damaged.empty() && has_end;
}

bool WholeV1Images::take_damaged(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return damaged_.erase(id) > 0;
}

bool start_over_if_damaged(WholeV1Images* whole, V1Push& push, const std::string& id) {
  if (whole == nullptr || !whole->take_damaged(id)) {
    return false;
  }
  if (!push.start_over(id)) {
    throw Error(ErrorKind::unsupported,
                "image " + short_id(id) + " is damaged at the destination, which takes no image " +
                    "again that it has",
                "mend its storage tree: regctl repair --from");
  }
  return true;
}

} // namespace regctl::ops
