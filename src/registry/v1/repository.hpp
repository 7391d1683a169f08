// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v1/repository_session.hpp"

#include <regctl/model/v1/repository.hpp>

#include <memory>
#include <optional>
#include <string>

namespace regctl::registry::v1 {

/// A repository of a v1 registry.
class RemoteRepository final : public V1Repository {
public:
  explicit RemoteRepository(std::shared_ptr<RepositorySession> session);

  [[nodiscard]] std::string describe() const override;
  V1Tags tags() override;
  std::optional<std::vector<std::string>> ancestry(const std::string& id) override;
  std::optional<V1Image> find_image(const std::string& id) override;
  V1Answer look_up(const std::string& id) override;
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override;
  std::unique_ptr<V1Push> start_push(const V1PushPlan& plan) override;
  void put_tag(const std::string& tag, const std::string& id) override;
  void remove_tag(const std::string& tag) override;
  void remove() override;

private:
  std::shared_ptr<RepositorySession> session_; // shared with pushes and open layers
};

/// "/v1/images/ID/PART".
std::string image_path(const std::string& id, std::string_view part);

/// Asks for an image's JSON: 404 means absent, 400 ("Image is being uploaded") in progress. Throws
/// Error{protocol} if the JSON is that of another image.
V1Answer ask_for_image(RepositorySession& session, const std::string& id);

/// All tags; nothing if there is no such repository.
std::optional<V1Tags> list_tags(RepositorySession& session);

/// The image that `GET …/tags/TAG` names; nothing if the answer names none. Only the list of tags
/// shows reliably that a tag does not exist.
std::optional<std::string> find_tag(RepositorySession& session, const std::string& tag);

/// Sends `PUT …/tags/TAG`.
void put_tag(RepositorySession& session, const std::string& tag, const std::string& id);

} // namespace regctl::registry::v1
