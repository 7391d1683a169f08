// SPDX-License-Identifier: Apache-2.0
#include "formats/v2_storage/repository.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <set>

namespace regctl {

namespace {

constexpr std::size_t k_most_remembered = 20'000;
/// Of one manifest: an index of 8 MiB has about as many.
constexpr std::size_t k_most_referrers = 20'000;

} // namespace

void V2Repository::for_each_revision(
    const std::function<void(const oci::Digest&)>& on_digest) const {
  storage_->tree().list(v2_paths::revisions(name_), [&](const std::string& hex) {
    if (const auto digest = oci::Digest::find_hex(hex)) {
      on_digest(*digest);
    }
  });
}

/// Keeps out other writers of regctl while a list is read, changed and written.
std::unique_ptr<StorageFolder> V2Repository::lease_lists() {
  return storage_->tree().lease(v2_paths::manifests(name_), Sharing::exclusive, std::nullopt);
}

/// distribution knows no referrers: clients find them by the tag, as they keep it themselves.
void V2Repository::list_referrer(const oci::Document& document, const oci::Manifest& manifest) {
  const auto tag = oci::referrers_tag(manifest.subject->digest);
  const auto lease = lease_lists();
  const auto list = read_manifest(oci::ManifestName::tag(tag));
  auto bytes = oci::add_referrer(list ? std::string_view(list->bytes) : std::string_view(),
                                 oci::referrer_descriptor(document, manifest));
  if (!list || bytes != list->bytes) {
    // Its other entries need not be here any more.
    store_manifest(oci::make_document(std::move(bytes), oci::k_oci_index, {}, "tag " + tag), tag);
  }
}

void V2Repository::unlist_referrer(const oci::Digest& digest, const oci::Digest& subject) {
  const auto tag = oci::referrers_tag(subject);
  const auto lease = lease_lists();
  std::optional<oci::Document> list;
  try {
    list = read_manifest(oci::ManifestName::tag(tag));
    auto bytes = list ? oci::remove_referrer(list->bytes, digest) : std::string();
    if (!list || bytes == list->bytes) {
      return;
    }
    if (oci::referrers_in(bytes).empty()) {
      remove_tag_folder(tag);
    } else {
      store_manifest(oci::make_document(std::move(bytes), {}, {}, "tag " + tag), tag);
    }
  } catch (const Error& error) { // a damaged list, or another meaning of the tag: left alone
    if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
      throw;
    }
  }
}

std::optional<std::vector<oci::Digest>>
V2Repository::remembered_referrers(const oci::Digest& subject, const std::string& version) {
  const std::lock_guard lock(mutex_);
  if (version.empty() || version != subjects_.version) {
    return std::nullopt;
  }
  std::vector<oci::Digest> found;
  const auto [begin, end] = subjects_.referrers.equal_range(subject);
  for (auto at = begin; at != end; ++at) {
    found.push_back(at->second);
  }
  return found;
}

/// Reads all manifests. What they refer to is remembered where there is not too much of it.
std::vector<oci::Digest> V2Repository::scan_referrers(const oci::Digest& subject,
                                                      const std::string& version) {
  std::vector<oci::Digest> found;
  Subjects seen{version, {}};
  for_each_revision([&](const oci::Digest& digest) {
    try {
      const auto bytes = manifest_bytes(digest);
      if (!bytes || bytes->find("\"subject\"") == std::string::npos) {
        return; // most have none, and need not be parsed
      }
      const auto manifest = oci::Manifest::parse(*bytes, {}, digest.to_string());
      if (!manifest.subject) {
        return;
      }
      if (manifest.subject->digest == subject) {
        found.push_back(digest);
      }
      if (seen.referrers.size() < k_most_remembered) {
        seen.referrers.emplace(manifest.subject->digest, digest);
      } else {
        seen.version.clear();
      }
    } catch (const Error& error) { // a damaged manifest refers to nothing
      if (error.kind() != ErrorKind::protocol && error.kind() != ErrorKind::integrity) {
        throw;
      }
    }
  });
  const std::lock_guard lock(mutex_);
  subjects_ = seen.version.empty() ? Subjects() : std::move(seen);
  return found;
}

std::vector<oci::Descriptor> V2Repository::referrers(const oci::Digest& digest, oci::ReferrersTag) {
  std::vector<oci::Descriptor> referrers;
  std::set<oci::Digest> known;
  const auto add = [&](oci::Descriptor referrer) {
    if (known.insert(referrer.digest).second) {
      referrers.push_back(std::move(referrer));
    }
    if (referrers.size() > k_most_referrers) {
      throw Error(ErrorKind::unsupported, "more than " + std::to_string(k_most_referrers) +
                                              " manifests refer to " + digest.to_string() + " in " +
                                              describe());
    }
  };
  const auto list = read_manifest(oci::ManifestName::tag(oci::referrers_tag(digest)));
  if (list && oci::is_index(list->media_type)) {
    for (auto& referrer : oci::referrers_in(list->bytes)) {
      add(std::move(referrer));
    }
  }
  const auto version = storage_->tree().folder_version(v2_paths::revisions(name_));
  auto found = remembered_referrers(digest, version);
  for (const auto& referrer : found ? *found : scan_referrers(digest, version)) {
    if (const auto document = read_manifest(referrer)) {
      add(oci::referrer_descriptor(
          *document,
          oci::Manifest::parse(document->bytes, document->media_type, referrer.to_string())));
    }
  }
  return referrers;
}

} // namespace regctl
