// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/authorized_session.hpp"

#include <regctl/model/oci/repository.hpp>

#include <memory>

namespace regctl::registry::v2 {

/// A repository of a registry that speaks protocol v2. Each call is a few requests of the files
/// beside this one.
class RemoteRepository final : public OciRepository {
public:
  explicit RemoteRepository(std::shared_ptr<AuthorizedSession> session);

  [[nodiscard]] std::string describe() const override;
  void remove_tag(const std::string& tag) override;
  void remove() override;
  void list_tags(const OnTags& on_tags) override;
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override;
  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override;
  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override;
  oci::PutBlob put_blob(const oci::BlobUpload& upload) override;
  bool mount_blob(const oci::Descriptor& blob, const std::string& from) override;
  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override;
  void remove_manifest(const oci::Digest& digest) override;
  std::vector<oci::Descriptor> referrers(const oci::Digest& digest, oci::ReferrersTag tag) override;
  void finish() override;

private:
  std::shared_ptr<AuthorizedSession> session_;
};

} // namespace regctl::registry::v2
