// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/layout_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <algorithm>
#include <set>

namespace regctl {

namespace {

constexpr std::uint64_t k_version_limit_bytes = 64 * 1024;

std::string what_of(const LayoutFiles& files, const oci::Digest& digest) {
  return files.what() + ": " + digest.to_string();
}

void check_size(const LayoutFiles& files, const oci::Descriptor& expected,
                const StoredFile& stored) {
  if (stored.size_bytes() != expected.size_bytes) {
    throw Error(ErrorKind::integrity,
                what_of(files, expected.digest) + " has " + std::to_string(stored.size_bytes()) +
                    " bytes instead of " + std::to_string(expected.size_bytes));
  }
}

oci::Document read_document(const LayoutFiles& files, const StoredFile& file,
                            const oci::Digest& digest, std::string_view media_type) {
  const auto what = what_of(files, digest);
  auto bytes = read_text(*file.open(what), oci::k_manifest_limit_bytes, what);
  return oci::make_document(std::move(bytes), media_type, digest, what);
}

} // namespace

std::string blob_path(const oci::Digest& digest) {
  return "blobs/" + std::string(digest.algorithm_name()) + "/" + std::string(digest.hex());
}

std::optional<std::string> read_layout_file(const LayoutFiles& files, const std::string& name,
                                            std::uint64_t limit_bytes) {
  const auto file = files.find_file(name);
  if (!file) {
    return std::nullopt;
  }
  const auto what = files.what() + ": " + name;
  return read_text(*file->open(what), limit_bytes, what);
}

void check_layout_version(const LayoutFiles& files) {
  const auto text = read_layout_file(files, "oci-layout", k_version_limit_bytes);
  if (!text) {
    return;
  }
  const auto what = files.what() + ": oci-layout";
  const auto version = required_string(parse_json(*text, what), "imageLayoutVersion", what);
  if (!version.starts_with("1.")) {
    throw Error(ErrorKind::unsupported, files.what() + " is an OCI layout of version '" +
                                            excerpt(version) + "'; version 1.0.0 is known");
  }
}

LayoutIndex read_layout_index(const LayoutFiles& files) {
  const auto text = read_layout_file(files, "index.json", k_layout_index_limit_bytes);
  if (!text) {
    throw Error(ErrorKind::not_found, files.what() + " is no OCI layout: it has no index.json");
  }
  return LayoutIndex::parse(*text, files.what());
}

std::optional<oci::Document> read_layout_manifest(const LayoutFiles& files,
                                                  const oci::Descriptor& manifest) {
  const auto file = files.find_file(blob_path(manifest.digest));
  if (!file) {
    return std::nullopt;
  }
  check_size(files, manifest, *file);
  return read_document(files, *file, manifest.digest, manifest.media_type);
}

std::optional<oci::Document> read_layout_manifest(const LayoutFiles& files,
                                                  const LayoutIndex& index,
                                                  const oci::Digest& digest) {
  if (const auto* entry = index.find(digest)) {
    return read_layout_manifest(files, entry->manifest);
  }
  const auto file = files.find_file(blob_path(digest));
  return file ? std::optional(read_document(files, *file, digest, "")) : std::nullopt;
}

std::optional<oci::Descriptor> find_layout_manifest(const LayoutFiles& files,
                                                    const LayoutIndex& index,
                                                    const oci::Digest& digest) {
  const auto* entry = index.find(digest);
  if (entry == nullptr || !oci::is_manifest(entry->manifest.media_type)) {
    const auto document = read_layout_manifest(files, index, digest);
    return document ? std::optional(document->descriptor()) : std::nullopt;
  }
  const auto file = files.find_file(blob_path(digest));
  if (!file) {
    return std::nullopt;
  }
  check_size(files, entry->manifest, *file);
  return oci::Descriptor{entry->manifest.media_type, digest, file->size_bytes()};
}

std::optional<oci::Digest> find_layout_digest(const LayoutFiles& files, const LayoutIndex& index,
                                              const oci::ManifestName& name) {
  if (name.digest()) {
    return name.digest();
  }
  const auto* entry = index.find(name.to_string());
  if (entry == nullptr) {
    return std::nullopt;
  }
  const auto& digest = entry->manifest.digest;
  if (!files.find_file(blob_path(digest))) {
    throw Error(ErrorKind::not_found, what_of(files, digest) + ", which '" +
                                          excerpt(name.to_string()) +
                                          "' names, is not in the layout");
  }
  return digest;
}

std::unique_ptr<Source> open_layout_blob(const LayoutFiles& files, const oci::Descriptor& blob) {
  const auto what = what_of(files, blob.digest);
  const auto file = files.find_file(blob_path(blob.digest));
  if (file) {
    check_size(files, blob, *file);
    return oci::make_verified_source(file->open(what), blob.digest, blob.size_bytes, what);
  }
  if (blob.data) {
    return oci::make_verified_source(make_text_source(*blob.data), blob.digest, blob.size_bytes,
                                     what);
  }
  throw Error(ErrorKind::not_found, what + " is not in the layout",
              blob.urls.empty() ? "" : "it is a foreign layer, which its makers offer elsewhere");
}

std::map<oci::Digest, std::vector<oci::Descriptor>>
read_layout_referrers(const LayoutFiles& files, const LayoutIndex& index) {
  std::map<oci::Digest, std::vector<oci::Descriptor>> referrers;
  std::set<oci::Digest> seen; // an index.json may list one manifest again and again
  for (const auto& entry : index.entries()) {
    if (!seen.insert(entry.manifest.digest).second) {
      continue;
    }
    try {
      const auto document = read_layout_manifest(files, entry.manifest);
      const auto manifest = document ? std::optional(oci::Manifest::parse(
                                           document->bytes, document->media_type, files.what()))
                                     : std::nullopt;
      if (!manifest || !manifest->subject) {
        continue;
      }
      auto descriptor = document->descriptor();
      descriptor.artifact_type = manifest->referrer_type();
      descriptor.annotations = manifest->annotations;
      add_referrers({descriptor}, referrers[manifest->subject->digest]);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
        throw;
      }
    }
  }
  return referrers;
}

void add_referrers(const std::vector<oci::Descriptor>& more,
                   std::vector<oci::Descriptor>& referrers) {
  for (const auto& referrer : more) {
    if (std::none_of(referrers.begin(), referrers.end(),
                     [&](const auto& known) { return known.digest == referrer.digest; })) {
      referrers.push_back(referrer);
    }
  }
}

void add_listed_referrers(const LayoutFiles& files, const oci::Digest& list,
                          std::vector<oci::Descriptor>& referrers) {
  const auto document = read_layout_manifest(files, LayoutIndex({}, files.what()), list);
  if (document && oci::is_index(document->media_type)) {
    add_referrers(
        oci::Manifest::parse(document->bytes, document->media_type, files.what()).manifests,
        referrers);
  }
}

} // namespace regctl
