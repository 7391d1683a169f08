// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/oci_layout/layout_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/oci_images.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// A layout that cannot be written: each call that would change it throws Error{unsupported}.
class ReadOnlyLayout final : public OciImages {
public:
  ReadOnlyLayout(std::unique_ptr<LayoutFiles> files, LayoutIndex index)
      : files_(std::move(files)), index_(std::move(index)) {}

  [[nodiscard]] std::string describe() const override { return files_->what(); }
  void list_tags(const OnTags& on_tags) override;
  std::vector<oci::NamedManifest> entries() override { return index_.entries(); }
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override;
  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override;
  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override;
  std::vector<oci::Descriptor> referrers(const oci::Digest& digest, oci::ReferrersTag tag) override;

  oci::PutBlob put_blob(const oci::BlobUpload&) override { refuse(); }
  bool mount_blob(const oci::Descriptor&, const std::string&) override { refuse(); }
  void put_manifest(const oci::Document&, const std::optional<std::string>&) override { refuse(); }
  void remove_manifest(const oci::Digest&) override { refuse(); }
  void remove_tag(const std::string&) override { refuse(); }
  void remove() override { refuse(); }
  void finish() override {}

private:
  [[noreturn]] void refuse() const {
    throw Error(ErrorKind::unsupported, describe() + " can only be read",
                "copy its images to a new archive");
  }

  std::unique_ptr<LayoutFiles> files_;
  LayoutIndex index_;
  std::once_flag referrers_once_;
  std::map<oci::Digest, std::vector<oci::Descriptor>> referrers_;
};

} // namespace regctl
