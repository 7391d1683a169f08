// SPDX-License-Identifier: Apache-2.0
#include "ops/places/absent_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/repository.hpp>

#include <utility>

namespace regctl::ops {

namespace {

class NoRepository final : public ReadOnlyV1Repository {
public:
  explicit NoRepository(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] std::string describe() const override { return where_; }
  V1Tags tags() override { throw refusal(); }
  std::optional<std::vector<std::string>> ancestry(const std::string&) override {
    return std::nullopt;
  }
  std::optional<V1Image> find_image(const std::string&) override { return std::nullopt; }
  V1Answer look_up(const std::string&) override { return {}; }
  std::unique_ptr<LayerSource> open_layer(const V1Image&, LayerCheck) override { throw refusal(); }

private:
  [[nodiscard]] Error refusal() const override {
    return Error(ErrorKind::not_found, "there is no repository " + where_);
  }

  std::string where_;
};

class NoOciRepository final : public ReadOnlyOciRepository {
public:
  explicit NoOciRepository(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] std::string describe() const override { return where_; }
  void list_tags(const OnTags&) override { throw refusal(); }
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName&) override {
    return std::nullopt;
  }
  std::optional<oci::Document> read_manifest(const oci::ManifestName&) override {
    return std::nullopt;
  }
  std::optional<std::uint64_t> find_blob(const oci::Digest&) override { return std::nullopt; }
  std::unique_ptr<Source> open_blob(const oci::Descriptor&) override { throw refusal(); }
  std::vector<oci::Descriptor> referrers(const oci::Digest&, oci::ReferrersTag) override {
    return {};
  }

private:
  [[nodiscard]] Error refusal() const override {
    return Error(ErrorKind::not_found, "there is no repository " + where_);
  }

  std::string where_;
};

template <class Repository, Model k_model> class AbsentTree final : public Side {
public:
  explicit AbsentTree(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] std::string describe() const override { return where_; }
  [[nodiscard]] Model model() const override { return k_model; }
  [[nodiscard]] std::string identity() const override { return where_; }
  std::vector<std::string> repositories(const InScope&) override { return {}; }
  std::optional<ListedTags> tags(const std::string&) override { return std::nullopt; }
  AnyRepository open(const std::string& name) override {
    return std::make_unique<Repository>(where_ + ":" + name);
  }

private:
  std::string where_;
};

} // namespace

std::unique_ptr<Side> make_absent_tree(const std::string& folder) {
  return std::make_unique<AbsentTree<NoRepository, Model::v1>>("v1-storage:" + folder);
}

std::unique_ptr<Side> make_absent_v2_tree(const std::string& folder) {
  return std::make_unique<AbsentTree<NoOciRepository, Model::oci>>("v2-storage:" + folder);
}

} // namespace regctl::ops
