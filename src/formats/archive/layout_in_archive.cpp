// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/layout_in_archive.hpp"

namespace regctl {

namespace {

class ArchivedFile final : public StoredFile {
public:
  ArchivedFile(std::shared_ptr<const ArchiveIndex> index, ArchiveIndex::File file)
      : index_(std::move(index)), file_(file) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return file_.size_bytes; }
  [[nodiscard]] std::string version() const override { return std::to_string(file_.offset); }
  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string what) const override {
    return index_->open_as({file_.offset + offset, size_bytes}, std::move(what));
  }

private:
  std::shared_ptr<const ArchiveIndex> index_;
  ArchiveIndex::File file_;
};

} // namespace

std::unique_ptr<StoredFile> LayoutInArchive::find_file(const std::string& name) const {
  const auto file = index_->find(name);
  return file ? std::make_unique<ArchivedFile>(index_, *file) : nullptr;
}

} // namespace regctl
