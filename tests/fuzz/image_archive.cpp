// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/formats/docker_archive.hpp>

#include <set>

namespace {

using namespace regctl;

void read_all(OciRepository& repository, const oci::Digest& digest, std::set<oci::Digest>& seen) {
  const auto document =
      seen.insert(digest).second ? repository.read_manifest(digest) : std::nullopt;
  if (!document) {
    return;
  }
  const auto manifest = oci::Manifest::parse(document->bytes, document->media_type, "a manifest");
  for (const auto& blob : manifest.blobs()) {
    if (repository.find_blob(blob.digest)) {
      drain(*repository.open_blob(blob));
    }
  }
  for (const auto& child : manifest.manifests) {
    read_all(repository, child.digest, seen);
  }
}

} // namespace

void fuzz(const std::string& input) {
  const auto archive = ImageArchive::read(make_text_source(input), "input");
  static_cast<void>(archive->is_v1_chain({}));
  const auto images = archive->oci();
  images->list_tags([](const auto&) {});
  std::set<oci::Digest> seen;
  for (const auto& entry : images->entries()) {
    static_cast<void>(images->referrers(entry.manifest.digest, oci::ReferrersTag::unknown));
    read_all(*images, entry.manifest.digest, seen);
  }
}
