// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/backed_repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/chain.hpp>

namespace regctl::ops {

namespace {

class BackedRepository final : public ReadOnlyV1Repository {
public:
  BackedRepository(V1Repository& source, V1Repository& destination)
      : source_(source), destination_(destination) {}

  [[nodiscard]] std::string describe() const override { return source_.describe(); }
  V1Tags tags() override { return source_.tags(); }

  std::optional<std::vector<std::string>> ancestry(const std::string& id) override {
    if (auto whole = source_.ancestry(id)) {
      return whole;
    }
    std::vector<std::string> ids;
    std::optional<std::vector<std::string>> rest; // at the destination
    walk_parents(id, [&](const std::string& next) {
      const auto answer = source_.look_up(next);
      if (answer.state == V1ImageState::complete) {
        ids.push_back(next);
        return parse_v1_image(answer.image.json).parent;
      }
      rest = destination_.ancestry(next);
      return std::optional<std::string>();
    });
    if (rest) {
      rest->insert(rest->begin(), ids.begin(), ids.end());
    }
    return rest;
  }

  std::optional<V1Image> find_image(const std::string& id) override {
    auto answer = look_up(id);
    if (answer.state == V1ImageState::complete) {
      return std::move(answer.image);
    }
    try {
      return source_.find_image(id);
    } catch (const Error& error) {
      throw Error(error.kind(), error.message(),
                  "nor is it at " + destination_.describe() +
                      ": copy what it was built on there first");
    }
  }

  V1Answer look_up(const std::string& id) override {
    auto answer = source_.look_up(id);
    return answer.state == V1ImageState::complete ? std::move(answer) : destination_.look_up(id);
  }

  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override {
    return source_.open_layer(image, check);
  }

private:
  V1Repository& source_;
  V1Repository& destination_;
};

} // namespace

std::unique_ptr<V1Repository> make_backed_repository(V1Repository& source,
                                                     V1Repository& destination) {
  return std::make_unique<BackedRepository>(source, destination);
}

} // namespace regctl::ops
