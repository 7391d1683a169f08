// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/model/v1/repository.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::test {

/// A repository in memory that counts what it is asked; for the verbs' own logic, not for
/// protocols.
class MemoryRepository final : public V1Repository {
public:
  /// An image whose JSON names `parent` (empty: a base image).
  void add(const std::string& id, const std::string& parent) {
    images[id] = {id,
                  R"({"id":")" + id + (parent.empty() ? "" : R"(","parent":")" + parent) + R"("})",
                  5,
                  {},
                  {}};
  }

  [[nodiscard]] std::string describe() const override { return "host:5000/team/app"; }
  V1Tags tags() override { return known_tags; }
  std::optional<std::vector<std::string>> ancestry(const std::string&) override { return recorded; }

  std::optional<V1Image> find_image(const std::string& id) override {
    const std::lock_guard lock(mutex);
    ++find_calls;
    const auto found = images.find(id);
    return found == images.end() ? std::nullopt : std::optional(found->second);
  }

  V1Answer look_up(const std::string& id) override {
    auto image = find_image(id);
    return image ? V1Answer{V1ImageState::complete, std::move(*image)} : V1Answer();
  }

  std::unique_ptr<LayerSource> open_layer(const V1Image&, LayerCheck) override { unused(); }
  std::unique_ptr<V1Push> start_push(const V1PushPlan&) override { unused(); }
  void put_tag(const std::string&, const std::string&) override { unused(); }
  void remove_tag(const std::string&) override { unused(); }
  void remove() override { unused(); }

  V1Tags known_tags;
  std::map<std::string, V1Image> images;
  std::optional<std::vector<std::string>> recorded;
  int find_calls = 0;

private:
  [[noreturn]] static void unused() { throw Error(ErrorKind::unsupported, "not in this test"); }

  std::mutex mutex;
};

} // namespace regctl::test
