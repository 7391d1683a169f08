// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/archive/index.hpp"
#include "formats/oci_layout/layout_files.hpp"

#include <memory>
#include <string>

namespace regctl {

/// The files of an OCI layout in a tar.
class LayoutInArchive final : public LayoutFiles {
public:
  explicit LayoutInArchive(std::shared_ptr<const ArchiveIndex> index) : index_(std::move(index)) {}

  [[nodiscard]] const std::string& what() const noexcept override { return index_->what(); }
  [[nodiscard]] std::unique_ptr<StoredFile> find_file(const std::string& name) const override;

private:
  std::shared_ptr<const ArchiveIndex> index_; // shared with other views of the archive
};

} // namespace regctl
