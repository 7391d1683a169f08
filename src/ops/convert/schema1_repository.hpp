// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>
#include <regctl/model/v1/schema1.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// The images of one manifest of Docker's schema 1. Each layer is proven by its blob's digest.
class Schema1Repository final : public ReadOnlyV1Repository {
public:
  /// `blobs` is the repository that the manifest came from, and must outlive this.
  Schema1Repository(OciRepository& blobs, std::vector<Schema1Step> steps)
      : blobs_(blobs), steps_(std::move(steps)) {}

  /// Names a layer by its blob: unlike in a v1 store, manifests may give one ID to different
  /// layers.
  [[nodiscard]] std::string key_of(const V1Image& image) const;

  /// The blob of a step; nothing if the step is called empty, since its blob is not fetched.
  [[nodiscard]] std::optional<oci::Digest> blob_of(const std::string& id) const;

  [[nodiscard]] std::string describe() const override { return blobs_.describe(); }
  V1Tags tags() override { return {}; }
  std::optional<std::vector<std::string>> ancestry(const std::string& id) override;
  std::optional<V1Image> find_image(const std::string& id) override;
  V1Answer look_up(const std::string& id) override;
  std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) override;

private:
  [[nodiscard]] const Schema1Step* find(const std::string& id) const;
  std::unique_ptr<Source> open_blob(const oci::Digest& digest);

  OciRepository& blobs_;
  std::vector<Schema1Step> steps_;
};

} // namespace regctl::ops
