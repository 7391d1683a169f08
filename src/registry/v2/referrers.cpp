// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/referrers.hpp"

#include "registry/v2/manifests.hpp"
#include "registry/v2/pages.hpp"
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/oci/referrers_index.hpp>
#include <regctl/model/oci/repository.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace regctl::registry::v2 {

namespace {

using ReferrersApi = Facts::ReferrersApi;

std::string referrers_of(const oci::Digest& subject) {
  return "the referrers of " + subject.to_string();
}

/// The index in a page of the API; nothing if it is something else: some registries answer 200 to
/// every path.
std::optional<oci::Manifest> read_index(const WholeAnswer& page, const std::string& what) {
  try {
    auto manifest = oci::Manifest::parse(
        page.body, page.response.headers.find("Content-Type").value_or(""), what);
    return manifest.kind == oci::Manifest::Kind::index ? std::optional(std::move(manifest))
                                                       : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Whether a refusal shows that there is no API. A repository that does not exist shows nothing.
bool has_no_api(http::Response& response) {
  const bool is_absent = response.status == 404 || response.status == 405 || response.status == 501;
  return is_absent && !has_code(read_codes(response), "NAME_UNKNOWN");
}

/// Whether an answer may come from a registry without the API. Go-containerregistry takes 400, 404
/// and 406 for that; what passes, and a denial, says nothing of the API.
bool may_lack_api(int status) {
  const bool is_passing_or_denial =
      status == 401 || status == 403 || status == 408 || status == 429 || status >= 500;
  return !is_passing_or_denial || status == 501;
}

/// The referrers from the API; nothing if there is none.
std::optional<std::vector<oci::Descriptor>> ask_api(AuthorizedSession& session,
                                                    const oci::Digest& subject) {
  auto& facts = session.connection().facts;
  std::unique_lock turn(session.connection().referrers_turn, std::defer_lock);
  if (facts.referrers == ReferrersApi::unknown) {
    turn.lock(); // the first one finds out for all
  }
  if (facts.referrers == ReferrersApi::absent) {
    return std::nullopt;
  }
  if (facts.referrers == ReferrersApi::present && turn.owns_lock()) {
    turn.unlock();
  }
  const auto what = referrers_of(subject) + " in " + session.describe();
  auto request = session.request(http::Method::get, "referrers/" + subject.to_string());
  request.headers.add("Accept", std::string(oci::k_oci_index));
  bool is_there = true;
  bool is_first = true;
  std::vector<oci::Descriptor> found;
  read_pages(session, request, "", session.scopes("pull"), what, [&](WholeAnswer& page) {
    auto& response = page.response;
    const auto index =
        response.status == 200 ? read_index(page, what) : std::optional<oci::Manifest>();
    if (!index && !may_lack_api(response.status)) {
      session.fail(response, "cannot list " + what);
    }
    if (!index && !is_first) {
      http::discard_body(response);
      throw Error(ErrorKind::protocol, what + " break off: a page after the first is no index");
    }
    is_first = false;
    if (!index) {
      is_there = false;
      if (response.status == 200 || has_no_api(response)) {
        facts.referrers = ReferrersApi::absent;
      }
      http::discard_body(response);
      return;
    }
    facts.referrers = ReferrersApi::present;
    found.insert(found.end(), index->manifests.begin(), index->manifests.end());
  });
  return is_there ? std::optional(std::move(found)) : std::nullopt;
}

/// The index under the fallback tag. GitLab resolves a tag that nobody has written to the subject
/// itself, which is no list of referrers. Source: oras-project/oras-go#1396.
std::optional<oci::Document> read_fallback(AuthorizedSession& session, const oci::Digest& subject) {
  auto document = read_manifest(session, oci::ManifestName::tag(oci::referrers_tag(subject)));
  const bool is_list =
      document && oci::is_index(document->media_type) && document->digest != subject;
  return is_list ? std::move(document) : std::nullopt;
}

oci::Manifest parse(const AuthorizedSession& session, const oci::Document& document) {
  return oci::Manifest::parse(document.bytes, document.media_type,
                              "the manifest " + session.describe() + "@" +
                                  document.digest.to_string());
}

/// Completes an entry of the fallback tag from the manifest. Source: sigstore/cosign#4641.
void complete(AuthorizedSession& session, oci::Descriptor& referrer) {
  if (!referrer.artifact_type.empty()) {
    return;
  }
  if (const auto document = read_manifest(session, referrer.digest)) {
    const auto manifest = parse(session, *document);
    referrer.artifact_type = manifest.referrer_type();
    referrer.annotations.insert(manifest.annotations.begin(), manifest.annotations.end());
  }
}

bool contains(const std::vector<oci::Descriptor>& all, const oci::Digest& digest) {
  return std::any_of(all.begin(), all.end(),
                     [&](const oci::Descriptor& one) { return one.digest == digest; });
}

/// The list to which an entry is to be added; nothing if there is none. Throws where the tag names
/// something else, which must not be replaced.
std::optional<oci::Document> read_list(AuthorizedSession& session, const oci::Digest& subject) {
  const auto tag = oci::referrers_tag(subject);
  auto document = read_manifest(session, oci::ManifestName::tag(tag));
  if (!document || document->digest == subject) {
    return std::nullopt;
  }
  if (!oci::is_index(document->media_type)) {
    throw Error(ErrorKind::protocol,
                "cannot add to " + referrers_of(subject) + " in " + session.describe() +
                    ": the tag " + tag + " names no list of them, but a manifest of type " +
                    document->media_type,
                "remove that tag, or give its manifest another one");
  }
  return document;
}

/// Held by one writer of a list at a time.
std::unique_lock<std::mutex> take_turn(AuthorizedSession& session, const oci::Digest& subject) {
  auto& turns = session.connection().subject_turns;
  return std::unique_lock(turns.of(session.describe() + subject.to_string()));
}

oci::Digest put_list(AuthorizedSession& session, std::string bytes, const std::string& media_type,
                     const oci::Digest& subject) {
  const auto document =
      oci::make_document(std::move(bytes), media_type, std::nullopt, "the list of referrers");
  put_manifest(session, document, oci::ManifestName::tag(oci::referrers_tag(subject)));
  return document.digest;
}

void write_fallback(AuthorizedSession& session, const oci::Digest& subject,
                    const oci::Descriptor& entry) {
  constexpr int k_most_tries = 5;
  const auto turn = take_turn(session, subject);
  for (int tries = 0;; ++tries) {
    const auto list = read_list(session, subject);
    const auto known = list ? list->bytes : std::string();
    auto bytes = oci::add_referrer(known, entry);
    if (bytes == known) {
      return;
    }
    if (tries == k_most_tries) {
      break;
    }
    put_list(session, std::move(bytes), list ? list->media_type : std::string(oci::k_oci_index),
             subject);
  }
  throw Error(ErrorKind::unavailable,
              "cannot add " + entry.digest.to_string() + " to " + referrers_of(subject) + " in " +
                  session.describe() + ": others overwrite the tag " + oci::referrers_tag(subject) +
                  " each time",
              "this registry has no referrers API, so that only one program at a time can add to "
              "that tag");
}

} // namespace

std::vector<oci::Descriptor> list_referrers(AuthorizedSession& session, const oci::Digest& subject,
                                            oci::ReferrersTag tag) {
  std::vector<oci::Descriptor> all;
  const auto add = [&](const oci::Descriptor& referrer) {
    if (referrer.digest != subject && !contains(all, referrer.digest)) {
      all.push_back(referrer);
    }
  };
  for (const auto& referrer : ask_api(session, subject).value_or(std::vector<oci::Descriptor>())) {
    add(referrer);
  }
  if (tag == oci::ReferrersTag::absent) {
    return all;
  }
  if (const auto index = read_fallback(session, subject)) {
    for (auto& referrer : parse(session, *index).manifests) {
      if (!contains(all, referrer.digest)) {
        complete(session, referrer);
        add(referrer);
      }
    }
  }
  return all;
}

void keep_referrer(AuthorizedSession& session, const oci::Document& referrer,
                   const oci::Manifest& manifest) {
  // OCI-Subject in the answer to the put proves nothing: Amazon ECR sent it without the API, Harbor
  // before 2.9 left it out although it had the API. Source: tektoncd/chains#1691, harbor#18865.
  const auto& subject = manifest.subject->digest;
  if (session.connection().facts.referrers == ReferrersApi::present ||
      ask_api(session, subject).has_value()) {
    return;
  }
  write_fallback(session, subject, oci::referrer_descriptor(referrer, manifest));
}

std::optional<oci::Digest> unlist_referrer(AuthorizedSession& session, const oci::Digest& referrer,
                                           const oci::Digest& subject) {
  if (session.connection().facts.referrers == ReferrersApi::present ||
      ask_api(session, subject).has_value()) {
    return std::nullopt;
  }
  const auto turn = take_turn(session, subject);
  const auto list = read_fallback(session, subject);
  auto bytes = list ? oci::remove_referrer(list->bytes, referrer) : std::string();
  if (!list || bytes == list->bytes) {
    return std::nullopt;
  }
  const bool is_empty = oci::referrers_in(bytes).empty();
  auto digest = put_list(session, std::move(bytes), list->media_type, subject);
  return is_empty ? std::optional(std::move(digest)) : std::nullopt;
}

} // namespace regctl::registry::v2
