// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/repository.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl {

/// A repository in distribution's storage tree. Its blobs are those that its folder `_layers` links
/// to, its manifests those of `_manifests/revisions`.
class V2Repository final : public OciRepository {
public:
  /// `name` is a legal one.
  V2Repository(std::shared_ptr<V2Storage> storage, std::string name)
      : storage_(std::move(storage)), name_(std::move(name)) {}

  [[nodiscard]] std::string describe() const override;

  // --- reading (repository.cpp) ---

  /// Names that no tag may have are left out.
  void list_tags(const OnTags& on_tags) override;
  /// Reads the manifest: nothing else tells its type.
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName& name) override;
  /// Of schema 1 the payload without signatures, which is all that is stored.
  std::optional<oci::Document> read_manifest(const oci::ManifestName& name) override;
  std::optional<std::uint64_t> find_blob(const oci::Digest& digest) override;
  /// Also the bytes in `blob.data`, if they are nowhere else.
  std::unique_ptr<Source> open_blob(const oci::Descriptor& blob) override;

  // --- writing (repository_write.cpp) ---

  oci::PutBlob put_blob(const oci::BlobUpload& upload) override;
  bool mount_blob(const oci::Descriptor& blob, const std::string& from) override;
  /// Of schema 1 only the payload is stored: distribution 2 signs it anew whenever it is asked.
  void put_manifest(const oci::Document& document, const std::optional<std::string>& tag) override;
  void finish() override {}

  // --- removal (repository_removal.cpp) ---

  /// Each tag disappears at once, before the manifest does. The bytes stay until a garbage
  /// collection.
  void remove_manifest(const oci::Digest& digest) override;
  void remove_tag(const std::string& tag) override;
  /// Repositories below this one stay.
  void remove() override;

  // --- referrers (repository_referrers.cpp) ---

  /// From the tag `sha256-HEX`, and from all manifests with that subject.
  std::vector<oci::Descriptor> referrers(const oci::Digest& digest, oci::ReferrersTag tag) override;

private:
  [[nodiscard]] std::optional<oci::Digest> find_tag(const std::string& tag) const;
  [[nodiscard]] std::optional<std::string> manifest_bytes(const oci::Digest& digest) const;
  [[nodiscard]] std::unique_ptr<StoredFile> find_linked_blob(const oci::Digest& digest) const;
  std::optional<oci::PutBlob> adopt_blob(const oci::BlobUpload& upload,
                                         std::unique_ptr<Source>& source);
  void check_blob(const oci::Descriptor& blob, const std::string& what) const;
  void check_parts(const oci::Manifest& manifest, const std::string& what) const;
  void store_manifest(const oci::Document& document, const std::optional<std::string>& tag);
  void point_tag(const std::string& tag, const oci::Digest& digest);
  void remove_tag_folder(const std::string& tag);
  void list_referrer(const oci::Document& document, const oci::Manifest& manifest);
  void unlist_referrer(const oci::Digest& digest, const oci::Digest& subject);
  [[nodiscard]] std::unique_ptr<StorageFolder> lease_lists();
  [[nodiscard]] std::vector<std::string> tag_names() const;
  void for_each_revision(const std::function<void(const oci::Digest&)>& on_digest) const;

  /// Which manifests have a subject, as of a version of the folder of revisions.
  struct Subjects {
    std::string version; ///< empty: not known
    std::multimap<oci::Digest, oci::Digest> referrers;
  };
  std::optional<std::vector<oci::Digest>> remembered_referrers(const oci::Digest& subject,
                                                               const std::string& version);
  std::vector<oci::Digest> scan_referrers(const oci::Digest& subject, const std::string& version);

  std::shared_ptr<V2Storage> storage_; // shared with other repositories of the tree
  std::string name_;
  std::mutex mutex_; ///< guards `subjects_`
  Subjects subjects_;
};

} // namespace regctl
