// SPDX-License-Identifier: Apache-2.0
#include "ops/places/engine_images.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/registry/docker_engine.hpp>

#include <sys/stat.h>

#include <utility>

namespace regctl::ops {

namespace {

class LoadedImages final : public OciImages {
public:
  explicit LoadedImages(Session& session)
      : engine_(session.client()), file_(std::make_shared<FileDescriptor>(make_temporary_file())),
        archive_(start_docker_archive(*file_, "a temporary file")) {}

  [[nodiscard]] std::string describe() const override { return engine_.describe(); }
  std::vector<oci::NamedManifest> entries() override { return archive_->entries(); }
  void list_tags(const OnTags& on_tags) override { archive_->list_tags(on_tags); }
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override {
    return archive_->find_manifest(name);
  }
  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override {
    return archive_->read_manifest(name);
  }
  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override {
    return archive_->find_blob(digest);
  }
  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override {
    return archive_->open_blob(blob);
  }
  oci::PutBlob put_blob(const oci::BlobUpload& upload) override {
    return archive_->put_blob(upload);
  }
  bool mount_blob(const oci::Descriptor& blob, const std::string& from) override {
    return archive_->mount_blob(blob, from);
  }
  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override {
    archive_->put_manifest(document, tag);
  }
  void remove_manifest(const oci::Digest& digest) override { archive_->remove_manifest(digest); }
  void remove_tag(const std::string& tag) override { archive_->remove_tag(tag); }
  void remove() override { archive_->remove(); }
  std::vector<oci::Descriptor> referrers(const oci::Digest& digest,
                                         oci::ReferrersTag tag) override {
    return archive_->referrers(digest, tag);
  }

  void finish() override {
    archive_->finish();
    struct stat status = {};
    if (::fstat(file_->get(), &status) != 0) {
      throw_errno("read a temporary file", errno);
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    engine_.load([&] { return make_range_source(file_, 0, size, "a temporary file"); }, size);
  }

private:
  registry::DockerEngine engine_;
  std::shared_ptr<FileDescriptor> file_;
  std::unique_ptr<OciImages> archive_; // writes to file_
};

} // namespace

std::unique_ptr<OciImages> open_engine_images(Session& session, const Reference& name) {
  registry::DockerEngine engine(session.client());
  auto named = name;
  named.tag = name.tag_or_latest();
  const auto text = archive_name(named);
  return ImageArchive::read(engine.save(text), text + " of " + engine.describe())->oci();
}

std::unique_ptr<OciImages> start_engine_images(Session& session) {
  return std::make_unique<LoadedImages>(session);
}

} // namespace regctl::ops
