// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/oci/repository.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace regctl::ops {

/// A destination for conversions of which only the digests are wanted: it has every blob that it is
/// asked for, reads what it is given, and keeps nothing. Thread-safe.
class TrialRepository final : public OciRepository {
public:
  [[nodiscard]] std::string describe() const override { return "a trial"; }

  void list_tags(const OnTags&) override {}
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName&) override {
    return std::nullopt;
  }
  std::optional<oci::Document> read_manifest(const oci::ManifestName&) override {
    return std::nullopt;
  }
  std::optional<std::uint64_t> find_blob(const oci::Digest&) override { return 0; }
  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override;
  oci::PutBlob put_blob(const oci::BlobUpload& upload) override;
  bool mount_blob(const oci::Descriptor&, const std::string&) override { return false; }
  void put_manifest(const oci::Document&, const std::optional<std::string>&) override {}
  void remove_manifest(const oci::Digest&) override {}
  std::vector<oci::Descriptor> referrers(const oci::Digest&, oci::ReferrersTag) override {
    return {};
  }
  void finish() override {}
  void remove_tag(const std::string&) override {}
  void remove() override {}
};

} // namespace regctl::ops
