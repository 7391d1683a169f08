// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/read_only_layout.hpp"

namespace regctl {

void ReadOnlyLayout::list_tags(const OnTags& on_tags) {
  on_tags(oci::tags_of(index_.entries()));
}

std::optional<oci::Descriptor> ReadOnlyLayout::find_manifest(const oci::ManifestName& name) {
  const auto digest = find_layout_digest(*files_, index_, name);
  return digest ? find_layout_manifest(*files_, index_, *digest) : std::nullopt;
}

std::optional<oci::Document> ReadOnlyLayout::read_manifest(const oci::ManifestName& name) {
  const auto digest = find_layout_digest(*files_, index_, name);
  return digest ? read_layout_manifest(*files_, index_, *digest) : std::nullopt;
}

std::optional<std::uint64_t> ReadOnlyLayout::find_blob(const oci::Digest& digest) {
  const auto file = files_->find_file(blob_path(digest));
  return file ? std::optional(file->size_bytes()) : std::nullopt;
}

std::unique_ptr<Source> ReadOnlyLayout::open_blob(const oci::Descriptor& blob) {
  return open_layout_blob(*files_, blob);
}

std::vector<oci::Descriptor> ReadOnlyLayout::referrers(const oci::Digest& digest,
                                                       oci::ReferrersTag) {
  std::call_once(referrers_once_, [&] { referrers_ = read_layout_referrers(*files_, index_); });
  const auto known = referrers_.find(digest);
  auto found = known == referrers_.end() ? std::vector<oci::Descriptor>() : known->second;
  for (const auto position : index_.positions_of(oci::referrers_tag(digest))) {
    add_listed_referrers(*files_, index_.entries()[position].manifest.digest, found);
  }
  return found;
}

} // namespace regctl
