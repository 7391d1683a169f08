// SPDX-License-Identifier: Apache-2.0
#include "formats/archive/blob_writer.hpp"
#include "formats/oci_layout/pending_entries.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/oci_archive.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace regctl {

namespace {

/// An OCI layout in a tar that is being written.
class OciArchiveWriter final : public OciImages {
public:
  explicit OciArchiveWriter(const std::string& path)
      : blobs_(open_archive_output(path), archive_output_name(path)) {}

  [[nodiscard]] std::string describe() const override { return blobs_.what(); }

  void list_tags(const OnTags& on_tags) override { on_tags(oci::tags_of(entries())); }

  std::vector<oci::NamedManifest> entries() override {
    return entries_.merged_with(LayoutIndex({}, describe()), describe());
  }

  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override {
    const auto digest = name.digest() ? name.digest() : entries_.find_tag(name.to_string());
    const std::lock_guard lock(mutex_);
    const auto known = digest ? manifests_.find(*digest) : manifests_.end();
    return known == manifests_.end() ? std::nullopt : std::optional(known->second);
  }

  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override {
    const auto found = find_manifest(name);
    if (!found) {
      return std::nullopt;
    }
    auto bytes =
        read_text(*blobs_.open(found->digest), oci::k_manifest_limit_bytes, name.to_string());
    return oci::Document{found->media_type, found->digest, std::move(bytes)};
  }

  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override {
    return blobs_.find(digest);
  }

  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override {
    return oci::make_verified_source(blobs_.open(blob.digest), blob.digest, blob.size_bytes,
                                     blob.digest.to_string());
  }

  oci::PutBlob put_blob(const oci::BlobUpload& upload) override { return blobs_.put(upload); }

  bool mount_blob(const oci::Descriptor& blob, const std::string&) override {
    return blobs_.find(blob.digest) == blob.size_bytes;
  }

  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override {
    auto entry = make_entry(document, describe());
    blobs_.put(
        {document.digest, document.bytes.size(), [&] { return make_view_source(document.bytes); }});
    {
      const std::lock_guard lock(mutex_);
      manifests_.insert_or_assign(document.digest, document.descriptor());
    }
    entries_.add(std::move(entry), tag);
  }

  void remove_manifest(const oci::Digest& digest) override {
    if (!entries_.remove_manifest(digest)) {
      throw Error(ErrorKind::not_found, describe() + " lists no manifest " + digest.to_string());
    }
  }

  void remove_tag(const std::string& tag) override {
    if (!entries_.remove_tag(tag)) {
      throw Error(ErrorKind::not_found, describe() + " has no tag '" + excerpt(tag) + "'");
    }
  }

  void remove() override { entries_.clear(); }

  std::vector<oci::Descriptor> referrers(const oci::Digest& digest, oci::ReferrersTag) override {
    return entries_.referrers(digest);
  }

  void finish() override {
    LayoutIndexEditor index("", describe());
    entries_.write_to(index);
    blobs_.add_file("index.json", index.print());
    blobs_.add_file("oci-layout", std::string(k_layout_version));
    blobs_.finish();
  }

private:
  BlobWriter blobs_;
  PendingEntries entries_;
  std::mutex mutex_; ///< guards manifests_
  std::map<oci::Digest, oci::Descriptor> manifests_;
};

} // namespace

std::unique_ptr<OciImages> start_oci_archive(const std::string& path) {
  return std::make_unique<OciArchiveWriter>(path);
}

} // namespace regctl
