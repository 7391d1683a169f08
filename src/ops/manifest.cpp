// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/protocol.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/manifest.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

/// The root that a place names.
ManifestNode read_named(OciPlace& from, const InspectOptions& options) {
  const auto selected = select_oci_image(from);
  auto document = from.repository->read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  return narrow(*from.repository, to_node(*std::move(document), from.repository->describe()),
                options.platforms);
}

/// The type of a referrer, which lists of old writers leave out.
std::string type_of(OciRepository& repository, const oci::Descriptor& referrer) {
  if (!referrer.artifact_type.empty()) {
    return referrer.artifact_type;
  }
  auto document = repository.read_manifest(referrer.digest);
  return document ? to_node(*std::move(document), repository.describe()).manifest.referrer_type()
                  : std::string();
}

std::vector<Referrer> read_referrers(Session& session, OciRepository& repository,
                                     const oci::Digest& subject, std::size_t depth) {
  std::vector<Referrer> referrers;
  auto descriptors = repository.referrers(subject, oci::ReferrersTag::unknown);
  if (depth > k_max_referrer_depth && !descriptors.empty()) {
    session.progress().note(words_for_deep_referrers(subject));
    return referrers;
  }
  for (auto& descriptor : descriptors) {
    Referrer referrer{std::move(descriptor), {}, {}};
    referrer.artifact_type = type_of(repository, referrer.descriptor);
    referrer.referrers = read_referrers(session, repository, referrer.descriptor.digest, depth + 1);
    referrers.push_back(std::move(referrer));
  }
  return referrers;
}

/// The manifests under cosign's tags for a subject.
std::vector<Referrer> read_cosign_tags(OciRepository& repository, const oci::Digest& subject) {
  std::vector<Referrer> referrers;
  for (const auto* ending : {".sig", ".att", ".sbom"}) {
    const auto tag = oci::ManifestName::tag(oci::referrers_tag(subject) + ending);
    if (const auto found = repository.find_manifest(tag)) {
      referrers.push_back({*found, type_of(repository, *found), {}});
    }
  }
  return referrers;
}

/// The manifest under the digest that `place` names, by whichever algorithm.
oci::Document make_wanted(std::string bytes, const std::string& media_type,
                          const std::optional<oci::Digest>& wanted, const Place& place) {
  try {
    return oci::make_document(std::move(bytes), media_type, wanted, "the manifest");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
    throw Error(ErrorKind::usage, error.message() + ", which " + place.to_string() + " names");
  }
}

/// What a manifest names and a repository lacks: "blob sha256:…"; nothing if it has all.
std::optional<std::string> find_missing(OciRepository& repository, const oci::Manifest& manifest) {
  for (const auto& blob : manifest.blobs()) {
    if (!oci::may_be_elsewhere(blob) && !blob.data && !repository.find_blob(blob.digest)) {
      return "blob " + blob.digest.to_string();
    }
  }
  for (const auto& child : manifest.manifests) {
    if (!repository.find_manifest(child.digest) &&
        !(oci::may_be_blob(child) && repository.find_blob(child.digest))) {
      return "manifest " + child.digest.to_string();
    }
  }
  return std::nullopt;
}

/// Throws Error{not_found} if a repository lacks what a manifest names.
void check_parts(OciRepository& repository, const oci::Document& document) {
  const auto what = "the manifest " + document.digest.to_string();
  const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, what);
  if (const auto missing = find_missing(repository, manifest)) {
    throw Error(ErrorKind::not_found,
                *missing + " of " + what + " is not in " + repository.describe(),
                "put it there first");
  }
}

} // namespace

oci::Document get_manifest(Session& session, const Place& place, const InspectOptions& options) {
  require_oci(session, place, "a manifest");
  auto from = open_oci(session, place, Use::read);
  return read_named(from, options).document;
}

oci::Digest put_manifest(Session& session, const Place& place, std::string bytes,
                         const std::string& media_type) {
  require_oci(session, place, "a manifest");
  const auto target = open_oci_store(session, place);
  std::optional<std::string> tag;
  std::string wanted;
  if (place.has_entries()) {
    (place.entry && oci::Digest::find(*place.entry) ? wanted : tag.emplace()) =
        place.entry.value_or("latest");
  } else {
    wanted = place.reference->digest.value_or("");
    tag = wanted.empty() ? place.reference->tag_or_latest() : place.reference->tag;
  }
  const auto document = make_wanted(
      std::move(bytes), media_type,
      wanted.empty() ? std::nullopt : std::optional(oci::Digest::parse(wanted, "the digest")),
      place);
  if (place.has_entries()) { // a layout takes everything
    check_parts(*target.repository, document);
  }
  try {
    target.repository->put_manifest(document, tag);
  } catch (const Error& error) { // a registry does not always say what it misses
    if (error.kind() == ErrorKind::protocol) {
      check_parts(*target.repository, document);
    }
    throw;
  }
  target.repository->finish();
  return document.digest;
}

Referrers list_referrers(Session& session, const Place& place, const InspectOptions& options,
                         const std::string& artifact_type) {
  require_oci(session, place, "referrers");
  auto from = open_oci(session, place, Use::read);
  const auto selected = select_oci_image(from);
  std::optional<oci::Digest> subject;
  if (options.platforms.empty()) {
    if (const auto found = from.repository->find_manifest(selected.name)) {
      subject = found->digest;
    }
  } else {
    subject = read_named(from, options).document.digest;
  }
  if (!subject) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  Referrers found{*subject, read_referrers(session, *from.repository, *subject, 1)};
  auto signatures = read_cosign_tags(*from.repository, *subject);
  found.referrers.insert(found.referrers.end(), std::make_move_iterator(signatures.begin()),
                         std::make_move_iterator(signatures.end()));
  std::erase_if(found.referrers, [&](const Referrer& referrer) {
    return !artifact_type.empty() && referrer.artifact_type != artifact_type;
  });
  return found;
}

} // namespace regctl::ops
